using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Options;
using Overlay.Daemon.Underlay;
using Overlay.Dataplane.Linux.Tun;
using Overlay.Dataplane.Linux.Udp;
using Overlay.Dataplane.Packets;

namespace Overlay.Daemon.Handover;

/// <summary>Descriptions of nodes, to be compared, and the order of their descriptors.</summary>
internal static class HandoverNodes
{
    /// <summary>The node that a plan will make.</summary>
    public static HandoverNode Of(NodePlan plan) =>
        Of(plan.Options, plan.Underlay, UnderlayEndpoint.QueueCount(plan.Options.Dataplane));

    /// <summary>The node that runs.</summary>
    public static HandoverNode Of(LocalNode node, InheritedNode descriptors) =>
        Of(node.Options, node.Underlay, descriptors.Tun.Queues.Count);

    /// <summary>
    /// All descriptors of a node, in the order of the offer; the TUN's writer, which not every overlayd has, is the last.
    /// </summary>
    public static IReadOnlyList<int> List(InheritedNode node)
    {
        List<int> all = [.. node.Tun.Queues, .. node.Sockets.Receiving, .. node.Sockets.Sending];
        if (node.Tun.Writer is { } writer) all.Add(writer);
        return all;
    }

    /// <summary>A node's descriptors out of an offer; null where their number is another.</summary>
    public static InheritedNode? Read(HandoverNode node, IReadOnlyList<int> descriptors)
    {
        int families = node.Underlay.Split(' ').Length;
        int receiving = families * node.Queues;
        int sending = families * SourcePorts.Count;
        int sockets = node.Queues + receiving;
        int most = sockets + sending;
        if (descriptors.Count != most && descriptors.Count != most + 1) return null;
        int[] all = [.. descriptors];
        return new InheritedNode(
            new TunDescriptors(all[..node.Queues], descriptors.Count > most ? all[most] : null),
            new UdpDescriptors(all[node.Queues..sockets], all[sockets..most]));
    }

    private static HandoverNode Of(OverlayOptions options, UnderlayInterface underlay, int queues) => new(
        options.NodeName, options.Network.Vni.Value, options.Network.Port,
        string.Join(' ', underlay.Addresses),
        string.Join(' ', options.PodCidrs), queues, $"{options.Dataplane.Offloads}");
}
