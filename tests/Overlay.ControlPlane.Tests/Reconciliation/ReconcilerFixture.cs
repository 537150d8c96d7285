using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Reconciliation;
using Overlay.Dataplane.Forwarding;
using Overlay.Testing;

namespace Overlay.ControlPlane.Tests;

/// <summary>A reconciler with all that is around it.</summary>
internal sealed class ReconcilerFixture
{
    private readonly TableMirror _mirror = new();

    public ReconcilerFixture(Lease? own = null, AddressPlan? plan = null, TimeSpan? claimGrace = null)
    {
        Publisher.Add(_mirror);
        Reconciler = new(own ?? SampleLeases.Own, plan
            ?? SampleLeases.Plan, claimGrace ?? LeaseReconciler.ClaimGrace, Publisher, Time, Logger);
    }

    public TablePublisher Publisher { get; } = new();

    public ManualTimeProvider Time { get; } = new();

    public CollectingLogger<LeaseReconciler> Logger { get; } = new();

    public LeaseReconciler Reconciler { get; }

    /// <summary>The current table; a mirror that knows only its changes is the same.</summary>
    public ForwardingTable Table
    {
        get
        {
            _mirror.ShouldBeLike(Publisher.Current);
            return Publisher.Current;
        }
    }

    /// <summary>Peers' routes, each as "prefix node address MAC", in the order of their text.</summary>
    public IReadOnlyList<string> Routes => Describe(Table);

    public void Snapshot(params Lease[] leases) => Reconciler.Apply(new LeaseUpdate.Snapshot(leases));

    public void Add(params Lease[] leases) =>
        Reconciler.Apply(new LeaseUpdate.Events([.. leases.Select(static lease => new LeaseEvent.Added(lease))]));

    public void Remove(string node) => Reconciler.Apply(new LeaseUpdate.Events([new LeaseEvent.Removed(node)]));

    /// <summary>As if nothing had changed for longer than what was withdrawn is kept.</summary>
    public void LetTheGraceEnd()
    {
        Time.Now += LeaseReconciler.ClaimGrace;
        Reconciler.Reconsider();
    }

    public PeerLease Peer(string node) => Reconciler.Peers.Peers.Single(peer => peer.Lease.Node == node);

    public IReadOnlyList<string> Accepted =>
        [.. Reconciler.Peers.Peers.Where(static peer => peer.Verdict == LeaseVerdict.Accepted)
            .Select(static peer => peer.Lease.Node)];

    /// <summary>The refusal of the one lease sent.</summary>
    public static string RefusalOf(Lease lease, Lease? own = null, AddressPlan? plan = null)
    {
        ReconcilerFixture fixture = new(own, plan);
        fixture.Snapshot(lease);
        fixture.Routes.ShouldBeEmpty();
        fixture.Table.Fdb.Count.ShouldBe(0);
        fixture.Peer(lease.Node).Verdict.ShouldBe(LeaseVerdict.Refused);
        return fixture.Peer(lease.Node).Reason.ShouldNotBeNull();
    }

    public static IReadOnlyList<string> Describe(ForwardingTable table) =>
    [
        .. table.Routes.Where(static route => !route.IsLocal)
            .Select(static route => $"{route.Prefix} {route.Via!.Node} {route.Via.Address} {route.Via.Mac}")
            .Order(StringComparer.Ordinal),
    ];
}
