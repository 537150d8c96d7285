using Overlay.ControlPlane.Leases;
using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Reconciliation;

/// <summary>
/// This node's own pod CIDRs and the rows of the accepted peers, from which the next table is built. Not thread-safe.
/// </summary>
internal sealed class TableState
{
    private Lease _own;
    private LeaseRules _rules;
    private readonly ForwardingTableBuilder _builder = new();

    public TableState(Lease own, LeaseRules rules)
    {
        _own = own;
        _rules = rules;
        foreach (IpPrefix prefix in own.PodCidrs) _ = _builder.AddLocal(prefix);
    }

    /// <summary>Takes over what an update changed, of accepted peers that do not contradict one another.</summary>
    /// <returns>False when the table is the same as before.</returns>
    public bool Take(IReadOnlyList<PeerChange> outcome)
    {
        // Removals first: they make room, since peers may exchange prefixes and addresses in one update.
        PeerChange[] changes = [.. outcome.Where(static change => change.ChangesTable)];
        foreach (PeerChange change in changes.Where(static change => change.WasAccepted))
            Withdraw(change.Before!.Lease);
        foreach (PeerChange change in changes.Where(static change => change.IsAccepted)) Add(change.Now!.Lease);
        return changes.Length > 0;
    }

    /// <summary>Takes what comes from that address as the peer's.</summary>
    public void AddSender(RemoteVtep vtep) => _ = _builder.AddVtep(vtep);

    /// <summary>Takes back what <see cref="AddSender"/> has added.</summary>
    public void RemoveSender(RemoteVtep vtep) => _ = _builder.RemoveVtep(vtep);

    /// <summary>
    /// Makes every row anew, for another lease of this node: what comes out the same is no change of the table.
    /// </summary>
    /// <param name="own">This node's lease from now on.</param>
    /// <param name="rules">The rules that follow from it.</param>
    /// <param name="before">The peers as last taken over.</param>
    /// <param name="now">The peers as the new rules see them.</param>
    public void Rebase(Lease own, LeaseRules rules, IEnumerable<PeerLease> before, IEnumerable<PeerLease> now)
    {
        foreach (PeerLease peer in before.Where(static peer => peer.Verdict == LeaseVerdict.Accepted))
            Withdraw(peer.Lease);
        foreach (IpPrefix prefix in _own.PodCidrs) _ = _builder.RemoveRoute(prefix);
        _own = own;
        _rules = rules;
        foreach (IpPrefix prefix in own.PodCidrs) _ = _builder.AddLocal(prefix);
        foreach (PeerLease peer in now.Where(static peer => peer.Verdict == LeaseVerdict.Accepted)) Add(peer.Lease);
    }

    /// <param name="change">The difference to the table built before.</param>
    public ForwardingTable Build(out TableChange change) => _builder.Build(out change);

    private void Add(Lease lease)
    {
        PeerVteps vteps = PeerVteps.Of(lease, _own);
        foreach (IpPrefix prefix in _rules.CarriedPodCidrs(lease))
        {
            if (vteps.For(prefix.Family) is { } via) _ = _builder.AddRoute(prefix, via);
        }

        // The peer may choose either of its addresses to send from, whichever we choose to send to.
        if (vteps.Ipv4 is { } ipv4) _ = _builder.AddVtep(ipv4);
        if (vteps.Ipv6 is { } ipv6) _ = _builder.AddVtep(ipv6);
    }

    private void Withdraw(Lease lease)
    {
        PeerVteps vteps = PeerVteps.Of(lease, _own);
        foreach (IpPrefix prefix in _rules.CarriedPodCidrs(lease))
        {
            if (vteps.For(prefix.Family) is not null) _ = _builder.RemoveRoute(prefix);
        }

        if (vteps.Ipv4 is { } ipv4) _ = _builder.RemoveVtep(ipv4);
        if (vteps.Ipv6 is { } ipv6) _ = _builder.RemoveVtep(ipv6);
    }
}
