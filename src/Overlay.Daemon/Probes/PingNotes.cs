namespace Overlay.Daemon.Probes;

/// <summary>Sentences that say what a result means and what to do.</summary>
internal static class PingNotes
{
    /// <summary>Sentences on a peer whose daemon answers.</summary>
    public static IEnumerable<string> OfAnswered(PeerEnd peer, IReadOnlyList<FlowLoss> flows, PathMtu mtu)
    {
        int dead = flows.Count(static flow => flow.Received == 0);
        int lossy = flows.Count(static flow => flow.Received > 0 && flow.Received < flow.Sent);
        if (dead > 0)
            yield return $"{dead} of {flows.Count} paths to {peer.Node} lose all: one way of several on the underlay, or "
                + "a packet filter by source port; the flows of pods that travel by them reach nobody";
        if (lossy > 0) yield return $"{lossy} of {flows.Count} paths to {peer.Node} lose some";
        if (mtu.Bytes is not { } bytes)
            yield return $"packets of {Math.Min(MtuSearch.Smallest, mtu.Device)} bytes and more do not come back from "
                + $"{peer.Node}: {Underlay(mtu)}";
        else if (!mtu.IsWhole)
            yield return $"packets of more than {bytes} bytes do not come back from {peer.Node}, and the device takes "
                + $"{mtu.Device}: {Underlay(mtu)}";
    }

    /// <summary>A sentence on a peer that answers ICMP alone.</summary>
    public static string OfIcmp(PeerEnd peer, int sent, int received, bool isRefused) =>
        $"node {peer.Node} does not answer overlay probes: flannel, or an overlayd before this version"
        + (isRefused ? "" : $", or a packet filter on it that drops UDP port {ProbePacket.Port}")
        + $"; ICMP to its VTEP address {peer.Address}: {received} of {sent} came back";

    /// <summary>A sentence on a peer that answers nothing.</summary>
    public static string OfNone(PeerEnd peer) =>
        $"nothing came back from {peer.Address} of node {peer.Node}, neither to probes nor to ICMP: look for a firewall "
        + $"that drops the tunnel between the nodes, for one on {peer.Node} that drops UDP port {ProbePacket.Port} and "
        + $"ICMP from {peer.From.Address} (iptables -S INPUT, nft list ruleset), and at overlayctl counters on both";

    /// <summary>A sentence on probes or echoes that this host's kernel did not take.</summary>
    public static string OfUnsent(string reason) =>
        $"the kernel of this host did not take packets: {reason}; look for a packet filter here";

    /// <summary>Sentences on a pod.</summary>
    public static IEnumerable<string> OfPod(PodEnd pod, int received)
    {
        if (pod.IsLocal) yield return $"{pod.Address} is an address of this node's own pods: pinged without the tunnel";
        if (received == 0)
            yield return $"no echo came back from {pod.Address}: no pod has the address, or it drops ICMP"
                + (pod.IsLocal ? "" : $"; is it one of node {pod.Node}?");
    }

    private static string Underlay(PathMtu mtu) => mtu.Overhead == 0
        ? $"the direct route has to take packets of {mtu.Device} bytes"
        : $"the underlay has to take packets of {mtu.UnderlayNeeded} bytes ({mtu.Device} + {mtu.Overhead}) on the whole "
            + "way; raise its MTU, or lower Overlay:Network:Mtu on all nodes"
            + (mtu.Bytes is { } bytes ? $" to {bytes}" : "");
}
