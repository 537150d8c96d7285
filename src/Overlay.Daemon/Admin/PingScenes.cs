using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Daemon.Probes;
using Overlay.Dataplane.Forwarding;

namespace Overlay.Daemon.Admin;

/// <summary>Describes the node that pings start at. Any thread may ask.</summary>
/// <param name="node">Knows the node as it is.</param>
/// <param name="table">Knows the peers.</param>
internal sealed class PingScenes(NodeStatus node, TablePublisher table)
{
    /// <summary>The node as it is now; without an end before it is made.</summary>
    public PingScene Now()
    {
        OverlayOptions options = node.Options;
        OverlayMtu mtu = node.Network?.Mtu ?? default;
        List<OwnEnd> ends = [];
        if (options.Subnet is { } subnet) ends.Add(new OwnEnd(subnet.Address, mtu.Ipv4));
        if (options.SubnetV6 is { } subnetV6) ends.Add(new OwnEnd(subnetV6.Address, mtu.Ipv6));
        return new PingScene(options.NodeName, ends, table.Current, node.Peers, node.IsDirect);
    }
}
