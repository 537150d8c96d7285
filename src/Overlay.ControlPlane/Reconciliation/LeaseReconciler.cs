using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.State;
using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Reconciliation;

/// <summary>
/// Turns the leases of nodes into the forwarding table. One writer at a time calls <see cref="Apply"/>, Reconsider and
/// Rebase.
/// </summary>
/// <remarks>
/// The table is a function of the accepted leases alone and is replaced whole: routes that an update leaves unchanged
/// work at every moment. The work for an update is in proportion to its changes, but for a few walks over all peers.
/// A peer whose new lease is refused keeps nothing of its old one: it has left its old pod CIDR and address, which may
/// be another node's by now, and that node would get pod traffic not meant for it.
/// </remarks>
public sealed class LeaseReconciler
{
    /// <summary>
    /// How long the claims of a withdrawn lease are kept for its node, where a stop withdraws leases and another node
    /// waits.
    /// </summary>
    /// <remarks>
    /// Where leases outlive a stop, a lease that is gone is gone for good, and its pod CIDR may have been given away.
    /// </remarks>
    public static readonly TimeSpan ClaimGrace = WithdrawnClaim.KeptFor;

    private readonly TablePublisher _publisher;
    private readonly TimeProvider _time;
    private readonly ILogger<LeaseReconciler> _logger;
    private readonly KeptClaims _kept;
    private readonly ClaimState _claims;

    // Each peer by itself, in the order of their names; _peers has the outcome of the claims between them.
    private readonly SortedList<string, PeerLease> _checked = new(StringComparer.Ordinal);
    private Lease _own;
    private LeaseRules _rules;
    private SenderRules _senderRules;
    private readonly TableState _table;
    private readonly LearnedSenders _learned = new();
    private bool _hasPublished;
    private volatile IReadOnlyList<RemoteVtep> _senders = [];
    private volatile PeersSnapshot _peers = PeersSnapshot.Empty;

    /// <param name="own">This node's lease: its pod CIDRs, underlays, VNI and MAC are the measure for peers.</param>
    /// <param name="plan">Its cluster CIDRs bound what peers may announce.</param>
    /// <param name="claimGrace"><see cref="ClaimGrace"/>, or zero where a stop leaves the lease in the store.</param>
    /// <param name="publisher">
    /// Gets a new table with the first update, then whenever the accepted leases change.
    /// </param>
    /// <param name="time">Clock of <see cref="PeersSnapshot.UpdatedAt"/> and of the grace.</param>
    /// <param name="logger">Logs every refusal once.</param>
    /// <exception cref="ArgumentException">The own lease lacks a VTEP, its MAC or its address.</exception>
    public LeaseReconciler(
        Lease own, AddressPlan plan, TimeSpan claimGrace, TablePublisher publisher, TimeProvider time,
        ILogger<LeaseReconciler> logger)
    {
        _own = own;
        _rules = new(own, plan);
        _senderRules = new(own, plan);
        _table = new(own, _rules);
        _publisher = publisher;
        _time = time;
        _logger = logger;
        _kept = new(claimGrace, time);
        _claims = new(_kept);
    }

    /// <summary>All peers, accepted or not. Any thread may read it.</summary>
    public PeersSnapshot Peers => _peers;

    /// <summary>Addresses without a lease that peers send from, each with its node. Any thread may read it.</summary>
    public IReadOnlyList<RemoteVtep> Senders => _senders;

    /// <summary>The number of tables that were published. The writer may read it.</summary>
    public long Tables { get; private set; }

    /// <summary>
    /// How long until <see cref="Reconsider"/> is due without an update; null when it has nothing to do.
    /// </summary>
    public TimeSpan? ReconsiderIn => _kept.NextRelease;

    /// <summary>Takes an update; the workers' first batch after the return sees it.</summary>
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

    /// <summary>
    /// Gives claims that were kept for a node, and whose time is over, to the node that waits for them.
    /// </summary>
    public void Reconsider() => _peers = _peers with { Peers = JudgeAndPublish([]) };

    /// <summary>Finds out who sends a frame from an address that no peer has.</summary>
    /// <param name="stranger">The frame.</param>
    /// <param name="learns">Frames from there are taken as a peer's, where all fits.</param>
    /// <returns>
    /// Null when there is nothing to say of it: the address is a peer's, accepted or not, or the frame is not for us.
    /// </returns>
    public SenderFinding? Recognize(Stranger stranger, bool learns)
    {
        ForwardingTable table = _publisher.Current;
        bool isStrange = _hasPublished && _senderRules.IsForUs(stranger) && !table.Fdb.TryFind(stranger.Address, out _);
        if (!isStrange) return null;
        RemoteVtep? route = stranger.Source.Family == IpFamily.IPv4
            ? table.Lookup(stranger.Source.ToIpv4())
            : table.Lookup(stranger.Source.ToIpv6());
        PeerLease? peer = route is null ? null : _checked.GetValueOrDefault(route.Node);
        string? claimant =
            _checked.Values.FirstOrDefault(other => other.Lease.PublicAddresses.Contains(stranger.Address))?.Lease.Node;

        // A peer that is refused or not ready: the list of peers has the reason.
        if (peer is null && claimant is not null) return null;
        SenderFinding finding =
            new(stranger.Address, peer?.Lease.Node, _senderRules.Refusal(stranger, peer, claimant));
        if (finding.Reason is not null) return finding;
        if (!learns) return finding with { Reason = "Overlay:Dataplane:LearnSenders is false" };
        RemoteVtep vtep = new(peer!.Lease.Node, stranger.Address, stranger.SourceMac);
        if (_learned.Add(vtep) is { } oldest)
        {
            _table.RemoveSender(oldest);
            _logger.SenderReplaced(vtep.Node, vtep.Address, oldest.Address);
        }
        else _logger.SenderLearned(vtep.Node, vtep.Address);

        _table.AddSender(vtep);
        Publish(_peers.Peers);
        return finding;
    }

    /// <summary>
    /// Measures every peer against another lease of this node: it has other addresses, or other pod CIDRs, than before.
    /// </summary>
    /// <exception cref="ArgumentException">The own lease lacks a VTEP, its MAC or its address.</exception>
    public void Rebase(Lease own, AddressPlan plan)
    {
        // The claims of a lease depend on the plan too.
        List<Claim> withdrawn = [.. _checked.Values.SelectMany(ClaimsOf)];
        _own = own;
        _rules = new(own, plan);
        _senderRules = new(own, plan);
        PeerLease[] peers =
            Judge([.. _checked.Select(static entry => (entry.Key, (Lease?)entry.Value.Lease))], withdrawn);
        IReadOnlyList<PeerChange> outcome = PeerChange.Between(_peers.Peers, peers);
        LogChanges(outcome);
        _ = ForgetSenders(outcome);
        _table.Rebase(own, _rules, _peers.Peers, peers);
        if (_hasPublished) Publish(peers);

        _peers = _peers with { Peers = peers };
    }

    private PeerLease[] JudgeAndPublish(IReadOnlyList<(string Node, Lease? Lease)> changes)
    {
        PeerLease[] peers = Judge(changes, []);
        IReadOnlyList<PeerChange> outcome = PeerChange.Between(_peers.Peers, peers);
        LogChanges(outcome);

        // First: an address that a lease has now is that node's.
        bool hasForgotten = ForgetSenders(outcome);
        if (_table.Take(outcome) || hasForgotten || !_hasPublished) Publish(peers);
        return peers;
    }

    private bool ForgetSenders(IReadOnlyList<PeerChange> outcome)
    {
        IReadOnlyList<RemoteVtep> forgotten = _learned.Drop(outcome, _own);
        foreach (RemoteVtep vtep in forgotten)
        {
            _table.RemoveSender(vtep);
            _logger.SenderForgotten(vtep.Address, vtep.Node);
        }

        return forgotten.Count > 0;
    }

    /// <summary>The nodes whose lease is another than before, by name; without a lease: it has none any more.</summary>
    private IReadOnlyList<(string Node, Lease? Lease)> ChangesOf(LeaseUpdate update)
    {
        Dictionary<string, Lease?> named = new(StringComparer.Ordinal);
        switch (update)
        {
            case LeaseUpdate.Snapshot snapshot:
                foreach (Lease lease in snapshot.Leases) named[lease.Node] = lease;
                foreach (string node in _checked.Keys) _ = named.TryAdd(node, null);
                break;
            case LeaseUpdate.Events events:
                foreach (LeaseEvent change in events.Changes)
                {
                    if (change is LeaseEvent.Added added) named[added.Lease.Node] = added.Lease;
                    else if (change is LeaseEvent.Removed removed) named[removed.Node] = null;
                }

                break;
        }

        _ = named.Remove(_own.Node);
        return
        [
            .. named.Where(entry => _checked.GetValueOrDefault(entry.Key)?.Lease != entry.Value)
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
            // A node that is gone may lose the claims kept for it.
            int index = _checked.IndexOfKey(node);
            if (index >= 0) peers[index] = peers[index] with { Verdict = LeaseVerdict.Refused, Reason = reason };
        }

        return peers;
    }

    // A lease that is refused by itself claims nothing: its prefixes and addresses are free for others.
    private IEnumerable<Claim> ClaimsOf(PeerLease peer) => peer.Verdict != LeaseVerdict.Accepted ? [] :
    [
        .. _rules.CarriedPodCidrs(peer.Lease).Select(prefix => Claim.PodCidr(peer.Lease.Node, prefix)),
        .. peer.Lease.PublicAddresses.Select(address => Claim.PublicAddress(peer.Lease.Node, address)),
    ];

    private void Publish(IReadOnlyList<PeerLease> peers)
    {
        _publisher.Publish(_table.Build(out TableChange change), change);
        _hasPublished = true;
        Tables++;
        _senders = [.. _learned.Vteps];
        int accepted = peers.Count(static peer => peer.Verdict == LeaseVerdict.Accepted);
        _logger.TableReplaced(accepted, peers.Count - accepted);
    }

    private void LogChanges(IReadOnlyList<PeerChange> outcome)
    {
        foreach ((PeerLease? old, PeerLease? peer) in outcome)
        {
            if (peer is null || (peer.Reason == old?.Reason && (old is null || peer.Verdict == old.Verdict))) continue;
            (string node, string prefixes) = (peer.Lease.Node, string.Join(", ", peer.Lease.PodCidrs));
            if (peer.Reason is null) _logger.LeaseAcceptedNow(node, old?.Reason);
            else if (peer.Verdict == LeaseVerdict.Refused) _logger.LeaseRefused(node, prefixes, peer.Reason);
            else if (peer.Verdict == LeaseVerdict.NotReady) _logger.LeaseNotReady(node, prefixes, peer.Reason);
            else _logger.LeaseAcceptedInPart(node, prefixes, peer.Reason);
        }

        foreach ((PeerLease? old, PeerLease? peer) in outcome)
        {
            if (peer is null && old?.Reason is not null) _logger.LeaseGone(old.Lease.Node, old.Reason);
        }
    }
}
