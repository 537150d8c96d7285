using Microsoft.Extensions.Logging;
using Overlay.Daemon.Options;
using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Firewall;

/// <summary>
/// Flows of pods to the outside that began while there were no rules: the kernel translates a flow as it did at its
/// first packet, so they would get no answer for as long as they last.
/// </summary>
internal sealed class GapFlows(OverlayOptions options, ILogger logger)
{
    /// <summary>
    /// Has the kernel forget them, so that their next packets are translated. All other connections stay.
    /// </summary>
    public void Forget(IpFamily family)
    {
        bool isIpv4 = family == IpFamily.IPv4;
        if (!options.IpMasq || (isIpv4 ? options.Network.Cidr : options.Network.CidrV6) is not { } cluster
            || (isIpv4 ? options.Subnet : options.SubnetV6) is not { } pods) return;
        try
        {
            HashSet<IpAddress> own = OwnAddresses();
            using ConntrackNetlink netlink = new();
            int forgotten = netlink
                .GetFlows(family, flow => IsUntranslated(flow, cluster, pods) && !own.Contains(flow.Destination))
                .Count(netlink.TryDelete);
            if (forgotten > 0) logger.GapFlowsForgotten(forgotten, pods);
        }
        catch (IOException exception)
        {
            // A kernel that tracks nothing has nothing to forget.
            logger.GapFlowsUnread(exception.Message);
        }
    }

    // A Service's flow is translated on its way in, and its answers come from a pod: the rules leave it as it is.
    private bool IsUntranslated(TrackedFlow flow, IpPrefix cluster, IpPrefix pods) =>
        !flow.IsTranslated && pods.Contains(flow.Source) && !cluster.Contains(flow.Destination)
        && !options.NonMasqueradeCidrs.Any(exempt => exempt.Contains(flow.Destination));

    private static HashSet<IpAddress> OwnAddresses()
    {
        using RouteNetlink netlink = new();
        return [.. netlink.GetAddresses().Select(static address => address.Address)];
    }
}
