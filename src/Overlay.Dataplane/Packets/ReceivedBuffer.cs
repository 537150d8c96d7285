using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Packets;

/// <summary>
/// What a device put into one buffer of a <see cref="PacketBatch"/>, at <see cref="PacketBatch.Headroom"/>.
/// </summary>
/// <remarks>
/// One packet as a rule. With offloads a TUN hands over a super-packet, an underlay a train of datagrams.
/// </remarks>
public struct ReceivedBuffer
{
    /// <summary>Bytes received.</summary>
    public int Length;

    /// <summary>
    /// Underlay: bytes of each datagram of a train, of which the last may be shorter; 0 for a single datagram.
    /// </summary>
    public int SegmentSize;

    /// <summary>Underlay: the outer source address, the same for a whole train.</summary>
    public IpAddress OuterSource;

    /// <summary>Underlay: ECN of the outer header, the same for a whole train.</summary>
    public Ecn OuterEcn;

    /// <summary>TUN: what the kernel left to us.</summary>
    public VirtioNetHeader Offload;
}
