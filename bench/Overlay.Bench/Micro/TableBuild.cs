using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging.Abstractions;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Reconciliation;
using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;

namespace Overlay.Bench.Micro;

/// <summary>
/// Control plane: a table of 10,000 routes from nothing, and one change of it up to the moment workers see it.
/// </summary>
/// <remarks>Target: 5 ms for a change. These may allocate: a table is made of what they allocate.</remarks>
public class TableBuild
{
    private const int Nodes = 10_000;

    private readonly TablePublisher _publisher = new();
    private readonly ForwardingTableBuilder _kept = new();
    private readonly LeaseReconciler _reconciler;
    private readonly RemoteVtep[] _vteps = [.. Enumerable.Range(0, Nodes).Select(SamplePeers.Vtep)];
    private int _changes;

    public TableBuild()
    {
        AddressPlan plan = new() { ClusterCidr = IpPrefix.Parse("10.0.0.0/8") };
        _reconciler = new(
            LeaseOf(Nodes), plan, TimeSpan.Zero, _publisher, TimeProvider.System, NullLogger<LeaseReconciler>.Instance);
        _reconciler.Apply(
            new LeaseUpdate.Snapshot([.. Enumerable.Range(0, Nodes).Select(static node => LeaseOf(node))]));
        Fill(_kept);
    }

    [Benchmark]
    public ForwardingTable FromNothing()
    {
        ForwardingTableBuilder builder = new();
        Fill(builder);
        return builder.Build();
    }

    /// <summary>A node gets another pod CIDR and back.</summary>
    [Benchmark]
    public void OneChange()
    {
        int node = _changes / 2 % Nodes;
        IpPrefix free = PodCidr(Nodes + 1);
        (IpPrefix from, IpPrefix to) = _changes++ % 2 == 0 ? (PodCidr(node), free) : (free, PodCidr(node));
        _publisher.Publish(_kept.RemoveRoute(from).AddRoute(to, _vteps[node]).Build(out TableChange change), change);
    }

    /// <summary>A lease with another MAC, through all the reconciler's checks.</summary>
    [Benchmark]
    public void OneLeaseChange() =>
        _reconciler.Apply(
            new LeaseUpdate.Events([new LeaseEvent.Added(LeaseOf(_changes % Nodes, generation: ++_changes))]));

    private void Fill(ForwardingTableBuilder builder)
    {
        for (int node = 0; node < Nodes; node++) _ = builder.AddRoute(PodCidr(node), _vteps[node]);
    }

    private static IpPrefix PodCidr(int node) => new(new Ipv4Address(0x0a00_0000 + ((uint)node << 8)), 24);

    private static Lease LeaseOf(int node, int generation = 0)
    {
        RemoteVtep vtep = SamplePeers.Vtep(node);
        return new()
        {
            Node = vtep.Node,
            Subnet = PodCidr(node),
            PublicIp = vtep.Address,
            BackendData = new(new Vni(1), new MacAddress(vtep.Mac.Value + ((ulong)generation << 16))),
        };
    }
}
