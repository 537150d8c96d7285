using Overlay.ControlPlane.Leases;
using Overlay.Dataplane.Counters;

namespace Overlay.ControlPlane.Reconciliation;

/// <summary>The rules by which an address that no peer has may be taken as one that a peer sends from.</summary>
/// <remarks>
/// flannel before 0.27.4 sends from its interface's address, whatever --public-ip announces. A frame shows its sender by
/// its pod's address and by its VTEP's MAC; both have to be one accepted peer's, and the address nobody's.
/// </remarks>
/// <param name="own">This node's lease.</param>
/// <param name="plan">Its ranges hold no node.</param>
internal sealed class SenderRules(Lease own, AddressPlan plan)
{
    /// <summary>The frame is meant for this node, by network and MAC; others are none of its business.</summary>
    public bool IsForUs(Stranger stranger) =>
        !own.PublicAddresses.Contains(stranger.Address)
            && own.Vteps.Any(vtep => vtep.Vni == stranger.Vni && vtep.Mac == stranger.DestinationMac);

    /// <summary>Why the address is not taken as the peer's; null when it may be.</summary>
    /// <param name="stranger">The frame.</param>
    /// <param name="peer">The accepted peer that has its inner source; null when there is none.</param>
    /// <param name="claimant">Another node whose lease has the address, accepted or not; null when there is none.</param>
    public string? Refusal(Stranger stranger, PeerLease? peer, string? claimant)
    {
        if (peer is null) return $"their inner source {stranger.Source} is in no accepted peer's pod CIDR";
        if (peer.Lease.Vteps.All(vtep => vtep.Mac != stranger.SourceMac))
            return $"their MAC {stranger.SourceMac} is not that of its VTEP, "
                + string.Join(" or ", peer.Lease.Vteps.Select(static vtep => vtep.Mac).Distinct());
        if (claimant is not null) return $"the lease of node {claimant} has that address";
        if (!VtepAddress.IsUsable(stranger.Address)) return "it is no address that another host can have";
        if (plan.ClusterCidrOf(stranger.Address.Family) is { } cluster && cluster.Contains(stranger.Address))
            return $"it is inside the cluster CIDR {cluster}, and so no node's";
        return plan.ServiceCidrs.Any(services => services.Contains(stranger.Address))
            ? "it is inside the service CIDR, and so no node's"
            : null;
    }
}
