using Overlay.Dataplane.Forwarding;

namespace Overlay.Daemon.Metrics;

/// <summary>Inner packets to and from a peer, and their bytes.</summary>
internal readonly record struct PeerBytes(
    long EgressPackets, long EgressBytes, long IngressPackets, long IngressBytes)
{
    /// <summary>Bytes of both directions.</summary>
    public long Bytes => EgressBytes + IngressBytes;

    public static PeerBytes Of(VtepTraffic traffic) =>
        new(traffic.EgressPackets, traffic.EgressBytes, traffic.IngressPackets, traffic.IngressBytes);

    public static PeerBytes operator +(PeerBytes a, PeerBytes b) => new(
        a.EgressPackets + b.EgressPackets, a.EgressBytes + b.EgressBytes, a.IngressPackets + b.IngressPackets,
        a.IngressBytes + b.IngressBytes);

    public static PeerBytes operator -(PeerBytes a, PeerBytes b) => new(
        a.EgressPackets - b.EgressPackets, a.EgressBytes - b.EgressBytes, a.IngressPackets - b.IngressPackets,
        a.IngressBytes - b.IngressBytes);
}
