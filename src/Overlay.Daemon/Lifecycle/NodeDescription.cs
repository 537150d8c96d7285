using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Underlay;

namespace Overlay.Daemon.Lifecycle;

/// <summary>The node in one line of the log, at the start and whenever it is another.</summary>
internal static class NodeDescription
{
    public static void LogNode(this ILogger logger, LocalNode node)
    {
        (OverlayNetwork network, UnderlayInterface underlay, Lease own) = (node.Network, node.Underlay, node.Own);
        logger.NodeIs(
            own.Node, network.DeviceName, network.Vtep.Vni.Value, network.Mtu.Pod, network.Vtep.Mac.ToString(),
            underlay.Link.Name, string.Join(" and ", underlay.Addresses), network.Vtep.Port,
            string.Join(" and ", own.PodCidrs));
        if (own.SubnetV6 is not null && underlay.Ipv6 is null) logger.Ipv6PodsOverIpv4(underlay.Link.Name);
    }

    /// <param name="logger">Logs that another host may use this node's name.</param>
    /// <param name="own">The lease that this node announces.</param>
    /// <param name="known">The lease that the store had of it; null when there was none.</param>
    public static void LogOtherAddresses(this ILogger logger, Lease own, Lease? known)
    {
        if (known is null || known.PublicAddresses.SequenceEqual(own.PublicAddresses)) return;
        logger.AddressesAreOthers(
            own.Node, string.Join(" and ", known.PublicAddresses), string.Join(" and ", own.PublicAddresses));
    }
}
