using System.Buffers.Binary;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Checksums;
using Overlay.Wire.Headers;

namespace Overlay.Dataplane.Offload;

/// <summary>
/// Tells the TUN the truth about a decapsulated packet whose sender's kernel left work to its device.
/// </summary>
/// <remarks>
/// Between virtual devices (veth) nobody does that work: a kernel VXLAN peer's inner packet then arrives with only the
/// pseudo-header's sum in its TCP or UDP checksum, and a whole TCP super-packet arrives as one datagram of up to 64 KB.
/// The receiver learns neither from the socket, so both are recognised here, from the packet alone. Handing it on as it
/// came would make the pod drop it. Of finished checksums one in 65,536 is the pseudo-header's sum too, and is made
/// again as it was: only damage to such a packet passes unseen, and only where no outer checksum covers it.
/// </remarks>
public static class OffloadInference
{
    /// <summary>Fills in the offload header for a packet about to be written to a TUN.</summary>
    /// <param name="inner">A packet with a transport header; a super-packet's checksum may be rewritten.</param>
    /// <param name="mtu">Bytes of the largest packet that every local pod's link takes.</param>
    /// <param name="segmentSize">
    /// Payload bytes of each segment of a UDP super-packet, or 0 where the kernel told none.
    /// </param>
    /// <param name="offload">The header to write in front of the packet.</param>
    /// <returns>
    /// <see cref="DropReason.TcpCsum"/> for a super-packet whose checksum is wrong: segmented, it would be made to look
    /// right. A wrong checksum in an ordinary packet is passed on as it is, for the pod's kernel to find.
    /// </returns>
    public static DropReason Describe(in InnerPacket inner, int mtu, int segmentSize, out VirtioNetHeader offload)
    {
        offload = default;
        return inner.Protocol switch
        {
            IpProtocol.Udp => DescribeUdp(inner, mtu, segmentSize, out offload),
            IpProtocol.Tcp => DescribeTcp(inner, mtu, out offload),
            _ => DropReason.None,
        };
    }

    /// <summary>The offload header of a super-packet.</summary>
    /// <param name="type">One of the Gso constants of <see cref="VirtioNetHeader"/>.</param>
    /// <param name="transport">Offset of the transport header.</param>
    /// <param name="transportLength">Bytes of the transport header.</param>
    /// <param name="segmentSize">Payload bytes of each segment.</param>
    /// <param name="checksumOffset">Where the checksum is in the transport header.</param>
    public static VirtioNetHeader Super(
        byte type, int transport, int transportLength, int segmentSize, int checksumOffset) => new(
        VirtioNetHeader.NeedsChecksum, type, (ushort)(transport + transportLength), (ushort)segmentSize,
        (ushort)transport, (ushort)checksumOffset);

    /// <summary>The offload header of a packet whose transport checksum is left to the kernel.</summary>
    /// <param name="transport">Offset of the transport header.</param>
    /// <param name="checksumOffset">Where the checksum is in the transport header.</param>
    public static VirtioNetHeader Partial(int transport, int checksumOffset) =>
        new(VirtioNetHeader.NeedsChecksum, VirtioNetHeader.GsoNone, 0, 0, (ushort)transport, (ushort)checksumOffset);

    private static DropReason DescribeUdp(in InnerPacket inner, int mtu, int segmentSize, out VirtioNetHeader offload)
    {
        offload = default;
        Span<byte> segment = inner.Segment;
        if (!UdpHeader.TryParse(segment, out UdpHeader udp) || udp.Checksum != inner.PseudoHeader(segment.Length))
            return DropReason.None;
        int headers = inner.Transport + UdpHeader.HeaderLength;
        bool isSuperPacket = segmentSize > 0 && udp.Length == segment.Length
            && inner.Bytes.Length - headers > segmentSize && segmentSize <= mtu - headers;
        offload = isSuperPacket
            ? Super(VirtioNetHeader.GsoUdpL4, inner.Transport, UdpHeader.HeaderLength, segmentSize,
                UdpHeader.ChecksumOffset)
            : Partial(inner.Transport, UdpHeader.ChecksumOffset);
        return DropReason.None;
    }

    private static DropReason DescribeTcp(in InnerPacket inner, int mtu, out VirtioNetHeader offload)
    {
        offload = default;
        Span<byte> segment = inner.Segment;
        if (!TcpHeader.TryParse(segment, out TcpHeader tcp)) return DropReason.None;
        uint pseudoHeader = inner.PseudoHeader(segment.Length);
        bool isPartial = tcp.Checksum == pseudoHeader;
        if (isPartial) offload = Partial(inner.Transport, TcpHeader.ChecksumOffset);

        int headers = inner.Transport + tcp.HeaderLength;
        if (inner.Bytes.Length <= mtu || headers >= mtu) return DropReason.None;
        if (!isPartial)
        {
            if (InternetChecksum.Fold(pseudoHeader + InternetChecksum.Sum(segment)) != 0xffff)
                return DropReason.TcpCsum;
            BinaryPrimitives.WriteUInt16BigEndian(segment[TcpHeader.ChecksumOffset..], (ushort)pseudoHeader);
        }

        // The sender's segment size is not to be had; any size that fits the pod's link serves a byte stream.
        int type = inner.IsIpv4 ? VirtioNetHeader.GsoTcpv4 : VirtioNetHeader.GsoTcpv6;
        if ((tcp.Flags & TcpFlags.Cwr) != 0) type |= VirtioNetHeader.GsoEcn;
        offload = Super((byte)type, inner.Transport, tcp.HeaderLength, mtu - headers, TcpHeader.ChecksumOffset);
        return DropReason.None;
    }
}
