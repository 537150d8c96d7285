using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Probes;

/// <summary>
/// The inner addresses of accepted peers: the base address of each pod CIDR in the table, which a node's own device has.
/// </summary>
internal static class PeerAddresses
{
    /// <summary>The address is a peer's inner address, and thus no pod's.</summary>
    /// <remarks>The routes are in order of family, address and length, so a search takes few steps.</remarks>
    public static bool Contains(ForwardingTable table, IpAddress address)
    {
        IReadOnlyList<Route> routes = table.Routes;
        (int low, int high) = (0, routes.Count - 1);
        while (low <= high)
        {
            int middle = (low + high) / 2;
            int order = Compare(routes[middle].Prefix.Address, address);
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }

        for (; low < routes.Count && routes[low].Prefix.Address == address; low++)
        {
            if (!routes[low].IsLocal) return true;
        }

        return false;
    }

    private static int Compare(IpAddress left, IpAddress right) =>
        left.Family != right.Family ? left.Family.CompareTo(right.Family) : left.Value.CompareTo(right.Value);
}
