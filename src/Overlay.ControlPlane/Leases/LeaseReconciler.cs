using Microsoft.Extensions.Logging;
using Overlay.Dataplane;
using Overlay.Wire;

namespace Overlay.ControlPlane;

/// <summary>Turns what nodes announce into the forwarding table. One writer calls <see cref="Apply"/> and <see cref="Reconsider"/>.</summary>
/// <remarks>
/// The table is a function of the accepted leases alone and is replaced whole: what an update leaves unchanged works at
/// every moment. Of a peer whose new lease is refused nothing old stays: it has said that it left, so its old pod CIDR
/// may be another node's by now and its old address another host, and both would get pod traffic not meant for them.
/// </remarks>
public sealed class LeaseReconciler
{
    /// <summary>How long what a node has withdrawn is kept for it where another node waits for it.</summary>
    /// <remarks>A restart takes seconds, a reboot of a small machine less than a minute. Nobody's packets pass meanwhile.</remarks>
    public static readonly TimeSpan ClaimGrace = TimeSpan.FromSeconds(60);

    private readonly Lease _own;
    private readonly LeaseRules _rules;
    private readonly TablePublisher _publisher;
    private readonly TimeProvider _time;
    private readonly ILogger<LeaseReconciler> _logger;
    private readonly KeptClaims _kept;
    private readonly ClaimState _claims;
    private Dictionary<string, Lease> _leases = new(StringComparer.Ordinal);
    private IReadOnlyList<Lease>? _published;
    private volatile PeersSnapshot _peers = PeersSnapshot.Empty;

    /// <param name="own">This node's lease: its pod CIDRs, underlays, VNI and MAC are what peers are measured against.</param>
    /// <param name="plan">Its cluster CIDRs bound what peers may announce.</param>
    /// <param name="publisher">Gets a new table with the first update, then whenever the accepted leases change.</param>
    /// <param name="time">Clock of <see cref="PeersSnapshot.UpdatedAt"/> and of <see cref="ClaimGrace"/>.</param>
    /// <param name="logger">Told of every refusal once.</param>
    /// <exception cref="ArgumentException">The own lease lacks a VTEP, its MAC or its address.</exception>
    public LeaseReconciler(
        Lease own, AddressPlan plan, TablePublisher publisher, TimeProvider time, ILogger<LeaseReconciler> logger)
    {
        _own = own;
        _rules = new(own, plan);
        _publisher = publisher;
        _time = time;
        _logger = logger;
        _kept = new(ClaimGrace, time);
        _claims = new(_kept);
    }

    /// <summary>All peers, accepted or not. Any thread may read it.</summary>
    public PeersSnapshot Peers => _peers;

    /// <summary>How long until <see cref="Reconsider"/> has something to do without an update; null when it has not.</summary>
    public TimeSpan? ReconsiderIn => _kept.NextRelease;

    /// <summary>Takes an update; when this returns, the workers' next batch sees it.</summary>
    public void Apply(LeaseUpdate update)
    {
        Dictionary<string, Lease> next = Next(update);
        IReadOnlyList<PeerLease> peers = _peers.Peers;
        if (_published is null || !IsSame(_leases, next))
        {
            _leases = next;
            peers = JudgeAndPublish();
        }

        _peers = new(peers, _time.GetUtcNow());
    }

    /// <summary>Gives what was kept for a node that has not come back to the one that waits for it.</summary>
    public void Reconsider() => _peers = _peers with { Peers = JudgeAndPublish() };

    private PeerLease[] JudgeAndPublish()
    {
        PeerLease[] peers = Judge();
        LogChanges(_peers.Peers, peers);
        Publish(peers);
        return peers;
    }

    private Dictionary<string, Lease> Next(LeaseUpdate update)
    {
        Dictionary<string, Lease> next = new(update is LeaseUpdate.Snapshot ? [] : _leases, StringComparer.Ordinal);
        switch (update)
        {
            case LeaseUpdate.Snapshot snapshot:
                foreach (Lease lease in snapshot.Leases) next[lease.Node] = lease;
                break;
            case LeaseUpdate.Events events:
                foreach (LeaseEvent change in events.Changes)
                {
                    if (change is LeaseEvent.Added added) next[added.Lease.Node] = added.Lease;
                    else if (change is LeaseEvent.Removed removed) _ = next.Remove(removed.Node);
                }

                break;
        }

        _ = next.Remove(_own.Node);
        return next;
    }

    private static bool IsSame(Dictionary<string, Lease> one, Dictionary<string, Lease> other) =>
        one.Count == other.Count && one.All(entry => other.TryGetValue(entry.Key, out Lease? lease) && lease == entry.Value);

    private PeerLease[] Judge()
    {
        PeerLease[] peers = [.. _leases.Values.OrderBy(static lease => lease.Node, StringComparer.Ordinal).Select(_rules.Check)];

        // A lease that is refused by itself claims nothing: others may have what it names.
        IReadOnlyDictionary<string, string> losers = _claims.Settle(
            [.. peers.Where(static peer => peer.Verdict == LeaseVerdict.Accepted).SelectMany(peer => ClaimsOf(peer.Lease))],
            _leases.ContainsKey);
        return Array.ConvertAll(peers, peer => losers.TryGetValue(peer.Lease.Node, out string? reason)
            ? peer with { Verdict = LeaseVerdict.Refused, Reason = reason }
            : peer);
    }

    private IEnumerable<Claim> ClaimsOf(Lease lease) =>
    [
        .. _rules.CarriedPodCidrs(lease).Select(prefix => Claim.PodCidr(lease.Node, prefix)),
        .. lease.PublicAddresses.Select(address => Claim.PublicAddress(lease.Node, address)),
    ];

    private void Publish(IReadOnlyList<PeerLease> peers)
    {
        List<Lease> accepted = [.. peers.Where(static peer => peer.Verdict == LeaseVerdict.Accepted).Select(static peer => peer.Lease)];
        if (_published is not null && accepted.SequenceEqual(_published)) return;

        ForwardingTableBuilder builder = new();
        foreach (IpPrefix prefix in _own.PodCidrs) _ = builder.AddLocal(prefix);
        foreach (Lease lease in accepted) AddPeer(builder, lease);
        _publisher.Publish(builder.Build());
        _published = accepted;
        _logger.LogInformation(
            "Forwarding table replaced: {Accepted} peers, {Others} not accepted", accepted.Count, peers.Count - accepted.Count);
    }

    private void AddPeer(ForwardingTableBuilder builder, Lease lease)
    {
        PeerVteps vteps = PeerVteps.Of(lease, _own);
        foreach (IpPrefix prefix in _rules.CarriedPodCidrs(lease))
        {
            RemoteVtep? via = prefix.Family == IpFamily.IPv4 ? vteps.ForSubnet : vteps.ForSubnetV6;
            if (via is not null) _ = builder.AddRoute(prefix, via);
        }

        // The peer may choose either of its addresses to send from, whichever we choose to send to.
        if (vteps.Ipv4 is { } ipv4) _ = builder.AddVtep(ipv4);
        if (vteps.Ipv6 is { } ipv6) _ = builder.AddVtep(ipv6);
    }

    private void LogChanges(IReadOnlyList<PeerLease> before, IReadOnlyList<PeerLease> now)
    {
        Dictionary<string, PeerLease> gone = before.ToDictionary(static peer => peer.Lease.Node, StringComparer.Ordinal);
        foreach (PeerLease peer in now)
        {
            _ = gone.Remove(peer.Lease.Node, out PeerLease? old);
            if (peer.Reason == old?.Reason && (old is null || peer.Verdict == old.Verdict)) continue;
            if (peer.Reason is null)
                _logger.LogInformation("Lease of {Node} is accepted now; it was not: {Reason}", peer.Lease.Node, old?.Reason);
            else if (peer.Verdict == LeaseVerdict.Refused)
                _logger.LogWarning("Lease of {Node} ({Prefix}) is refused: {Reason}", peer.Lease.Node, Prefixes(peer.Lease), peer.Reason);
            else if (peer.Verdict == LeaseVerdict.NotReady)
                _logger.LogInformation("Lease of {Node} ({Prefix}) is not ready: {Reason}", peer.Lease.Node, Prefixes(peer.Lease), peer.Reason);
            else
                _logger.LogWarning("Lease of {Node} ({Prefix}) is accepted in part: {Reason}", peer.Lease.Node, Prefixes(peer.Lease), peer.Reason);
        }

        foreach (PeerLease peer in gone.Values.Where(static peer => peer.Reason is not null))
            _logger.LogInformation("Lease of {Node} is gone; it was not carried in full: {Reason}", peer.Lease.Node, peer.Reason);
    }

    private static string Prefixes(Lease lease) => string.Join(", ", lease.PodCidrs);
}
