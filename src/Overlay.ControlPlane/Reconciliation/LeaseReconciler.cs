using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.Dataplane.Forwarding;

namespace Overlay.ControlPlane.Reconciliation;

/// <summary>Turns what nodes announce into the forwarding table. One writer at a time calls <see cref="Apply"/> and what else changes it.</summary>
/// <remarks>
/// The table is a function of the accepted leases alone and is replaced whole: what an update leaves unchanged works at
/// every moment. What is done for an update is in proportion to what it changes, but for a few walks over all peers.
/// Of a peer whose new lease is refused nothing old stays: it has said that it left, so its old pod CIDR may be another
/// node's by now and its old address another host, and both would get pod traffic not meant for them.
/// </remarks>
public sealed class LeaseReconciler
{
    /// <summary>How long what a node has withdrawn is kept for it where another node waits for it, and a stop withdraws the lease.</summary>
    /// <remarks>
    /// A restart takes seconds, a reboot of a small machine less than a minute. Nobody's packets pass meanwhile. Where
    /// leases outlive a stop, one that is gone is gone for good, and what was in it may have been given away.
    /// </remarks>
    public static readonly TimeSpan ClaimGrace = TimeSpan.FromSeconds(60);

    private readonly TablePublisher _publisher;
    private readonly TimeProvider _time;
    private readonly ILogger<LeaseReconciler> _logger;
    private readonly KeptClaims _kept;
    private readonly ClaimState _claims;

    // Each peer by itself, in the order of their names; what claims of others make of it is in _peers.
    private readonly SortedList<string, PeerLease> _checked = new(StringComparer.Ordinal);
    private Lease _own;
    private LeaseRules _rules;
    private readonly TableState _table;
    private bool _hasPublished;
    private volatile PeersSnapshot _peers = PeersSnapshot.Empty;

    /// <param name="own">This node's lease: its pod CIDRs, underlays, VNI and MAC are what peers are measured against.</param>
    /// <param name="plan">Its cluster CIDRs bound what peers may announce.</param>
    /// <param name="claimGrace"><see cref="ClaimGrace"/>, or zero where a stop leaves the lease in the store.</param>
    /// <param name="publisher">Gets a new table with the first update, then whenever the accepted leases change.</param>
    /// <param name="time">Clock of <see cref="PeersSnapshot.UpdatedAt"/> and of the grace.</param>
    /// <param name="logger">Told of every refusal once.</param>
    /// <exception cref="ArgumentException">The own lease lacks a VTEP, its MAC or its address.</exception>
    public LeaseReconciler(
        Lease own, AddressPlan plan, TimeSpan claimGrace, TablePublisher publisher, TimeProvider time, ILogger<LeaseReconciler> logger)
    {
        _own = own;
        _rules = new(own, plan);
        _table = new(own, _rules);
        _publisher = publisher;
        _time = time;
        _logger = logger;
        _kept = new(claimGrace, time);
        _claims = new(_kept);
    }

    /// <summary>All peers, accepted or not. Any thread may read it.</summary>
    public PeersSnapshot Peers => _peers;

    /// <summary>How long until <see cref="Reconsider"/> has something to do without an update; null when it has not.</summary>
    public TimeSpan? ReconsiderIn => _kept.NextRelease;

    /// <summary>Takes an update; when this returns, the workers' next batch sees it.</summary>
    public void Apply(LeaseUpdate update)
    {
        IReadOnlyList<PeerLease> peers = _peers.Peers;
        IReadOnlyList<(string Node, Lease? Lease)> changes = ChangesOf(update);
        if (!_hasPublished || changes.Count > 0)
        {
            peers = JudgeAndPublish(changes);
        }

        _peers = new(peers, _time.GetUtcNow());
    }

    /// <summary>Gives what was kept for a node that has not come back to the one that waits for it.</summary>
    public void Reconsider() => _peers = _peers with { Peers = JudgeAndPublish([]) };

    /// <summary>Measures every peer against another lease of this node: it has other addresses, or other pod CIDRs, than before.</summary>
    /// <exception cref="ArgumentException">The own lease lacks a VTEP, its MAC or its address.</exception>
    public void Rebase(Lease own, AddressPlan plan)
    {
        // What a lease claims depends on the plan too.
        List<Claim> withdrawn = [.. _checked.Values.SelectMany(ClaimsOf)];
        _own = own;
        _rules = new(own, plan);
        PeerLease[] peers = Judge([.. _checked.Select(static entry => (entry.Key, (Lease?)entry.Value.Lease))], withdrawn);
        LogChanges(PeerChange.Between(_peers.Peers, peers));
        _table.Rebase(own, _rules, _peers.Peers, peers);
        if (_hasPublished) Publish(peers);

        _peers = _peers with { Peers = peers };
    }

    private PeerLease[] JudgeAndPublish(IReadOnlyList<(string Node, Lease? Lease)> changes)
    {
        PeerLease[] peers = Judge(changes, []);
        IReadOnlyList<PeerChange> outcome = PeerChange.Between(_peers.Peers, peers);
        LogChanges(outcome);
        if (_table.Take(outcome) || !_hasPublished) Publish(peers);
        return peers;
    }

    /// <summary>The nodes whose lease is another than before, by name; without a lease: it has none any more.</summary>
    private IReadOnlyList<(string Node, Lease? Lease)> ChangesOf(LeaseUpdate update)
    {
        Dictionary<string, Lease?> said = new(StringComparer.Ordinal);
        switch (update)
        {
            case LeaseUpdate.Snapshot snapshot:
                foreach (Lease lease in snapshot.Leases) said[lease.Node] = lease;
                foreach (string node in _checked.Keys) _ = said.TryAdd(node, null);
                break;
            case LeaseUpdate.Events events:
                foreach (LeaseEvent change in events.Changes)
                {
                    if (change is LeaseEvent.Added added) said[added.Lease.Node] = added.Lease;
                    else if (change is LeaseEvent.Removed removed) said[removed.Node] = null;
                }

                break;
        }

        _ = said.Remove(_own.Node);
        return
        [
            .. said.Where(entry => _checked.GetValueOrDefault(entry.Key)?.Lease != entry.Value)
                .OrderBy(static entry => entry.Key, StringComparer.Ordinal)
                .Select(static entry => (entry.Key, entry.Value)),
        ];
    }

    private PeerLease[] Judge(IReadOnlyList<(string Node, Lease? Lease)> changes, List<Claim> withdrawn)
    {
        List<Claim> made = [];
        foreach ((string node, Lease? lease) in changes)
        {
            if (_checked.TryGetValue(node, out PeerLease? before)) withdrawn.AddRange(ClaimsOf(before));
            if (lease is null) _ = _checked.Remove(node);
            else
            {
                PeerLease now = _rules.Check(lease);
                _checked[node] = now;
                made.AddRange(ClaimsOf(now));
            }
        }

        PeerLease[] peers = [.. _checked.Values];
        foreach ((string node, string reason) in _claims.Settle(withdrawn, made, _checked.ContainsKey))
        {
            // A node that is gone may lose too, what is kept for it.
            int index = _checked.IndexOfKey(node);
            if (index >= 0) peers[index] = peers[index] with { Verdict = LeaseVerdict.Refused, Reason = reason };
        }

        return peers;
    }

    // A lease that is refused by itself claims nothing: others may have what it names.
    private IEnumerable<Claim> ClaimsOf(PeerLease peer) => peer.Verdict != LeaseVerdict.Accepted ? [] :
    [
        .. _rules.CarriedPodCidrs(peer.Lease).Select(prefix => Claim.PodCidr(peer.Lease.Node, prefix)),
        .. peer.Lease.PublicAddresses.Select(address => Claim.PublicAddress(peer.Lease.Node, address)),
    ];

    private void Publish(IReadOnlyList<PeerLease> peers)
    {
        _publisher.Publish(_table.Build(out TableChange change), change);
        _hasPublished = true;
        int accepted = peers.Count(static peer => peer.Verdict == LeaseVerdict.Accepted);
        _logger.LogInformation(
            "Forwarding table replaced: {Accepted} peers, {Others} not accepted", accepted, peers.Count - accepted);
    }

    private void LogChanges(IReadOnlyList<PeerChange> outcome)
    {
        foreach ((PeerLease? old, PeerLease? peer) in outcome)
        {
            if (peer is null || (peer.Reason == old?.Reason && (old is null || peer.Verdict == old.Verdict))) continue;
            if (peer.Reason is null)
                _logger.LogInformation("Lease of {Node} is accepted now; it was not: {Reason}", peer.Lease.Node, old?.Reason);
            else if (peer.Verdict == LeaseVerdict.Refused)
                _logger.LogWarning("Lease of {Node} ({Prefix}) is refused: {Reason}", peer.Lease.Node, Prefixes(peer.Lease), peer.Reason);
            else if (peer.Verdict == LeaseVerdict.NotReady)
                _logger.LogInformation("Lease of {Node} ({Prefix}) is not ready: {Reason}", peer.Lease.Node, Prefixes(peer.Lease), peer.Reason);
            else
                _logger.LogWarning("Lease of {Node} ({Prefix}) is accepted in part: {Reason}", peer.Lease.Node, Prefixes(peer.Lease), peer.Reason);
        }

        foreach ((PeerLease? old, PeerLease? peer) in outcome)
        {
            if (peer is null && old?.Reason is not null)
                _logger.LogInformation("Lease of {Node} is gone; it was not carried in full: {Reason}", old.Lease.Node, old.Reason);
        }
    }

    private static string Prefixes(Lease lease) => string.Join(", ", lease.PodCidrs);
}
