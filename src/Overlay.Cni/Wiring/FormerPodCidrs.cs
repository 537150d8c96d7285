using Overlay.Wire.Values;

namespace Overlay.Cni.Wiring;

/// <summary>
/// Pod CIDRs that the node had before, as its bridge tells: an address in a cluster network that is no gateway now.
/// </summary>
/// <param name="Networks">
/// The cluster's; empty where the ranges are not the node's, and nothing is known to be of former days.
/// </param>
/// <param name="HasPods">Whether somebody still has an address in that subnet.</param>
internal sealed record FormerPodCidrs(IReadOnlyList<IpPrefix> Networks, Func<IpPrefix, bool> HasPods)
{
    public static FormerPodCidrs None { get; } = new([], static _ => true);

    public bool Contain(IpAddress address)
    {
        foreach (IpPrefix network in Networks)
        {
            if (network.Contains(address)) return true;
        }

        return false;
    }
}
