using System.Buffers.Binary;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Checksums;
using Overlay.Wire.Headers;

namespace Overlay.Dataplane.Offload;

/// <summary>Tells the TUN the truth about a decapsulated packet whose sender's kernel left work to its device.</summary>
/// <remarks>
/// Between virtual devices (veth) nobody does that work: a kernel VXLAN peer's inner packet then arrives with only the
/// pseudo-header's sum in its TCP or UDP checksum, and a whole TCP super-packet arrives as one datagram of up to 64 KB.
/// The receiver learns neither from the socket, so both are recognised here, from the packet alone. Handing it on as it
/// came would make the pod drop it.
/// </remarks>
public static class OffloadInference
{
    /// <summary>Fills in the offload header for a packet about to be written to a TUN.</summary>
    /// <param name="packet">The IP packet; a super-packet's checksum may be rewritten.</param>
    /// <param name="transport">Offset of the transport header.</param>
    /// <param name="protocol">IP protocol number of the transport header.</param>
    /// <param name="pseudoHeader">The pseudo-header's sum for this packet.</param>
    /// <param name="mtu">Bytes of the largest packet that every local pod's link takes.</param>
    /// <param name="segmentSize">Payload bytes of each segment of a UDP super-packet, or 0 where the kernel told none.</param>
    /// <param name="offload">The header to write in front of the packet.</param>
    /// <returns>
    /// <see cref="DropReason.TcpCsum"/> for a super-packet whose checksum is wrong: segmented, it would be made to look
    /// right. A wrong checksum in an ordinary packet is passed on as it is, for the pod's kernel to find.
    /// </returns>
    public static DropReason Describe(
        Span<byte> packet, int transport, byte protocol, uint pseudoHeader, int mtu, int segmentSize, out VirtioNetHeader offload)
    {
        offload = default;
        ReadOnlySpan<byte> segment = packet[transport..];
        if (protocol == IpProtocol.Udp)
        {
            if (!UdpHeader.TryParse(segment, out UdpHeader udp) || udp.Checksum != pseudoHeader) return DropReason.None;
            offload = Partial(transport, UdpHeader.ChecksumOffset);
            int headerLength = transport + UdpHeader.HeaderLength;
            bool isSuperPacket = segmentSize > 0 && udp.Length == segment.Length
                && packet.Length - headerLength > segmentSize && segmentSize <= mtu - headerLength;
            if (isSuperPacket) offload = Super(VirtioNetHeader.GsoUdpL4, transport, UdpHeader.HeaderLength, segmentSize, UdpHeader.ChecksumOffset);
            return DropReason.None;
        }

        if (protocol != IpProtocol.Tcp || !TcpHeader.TryParse(segment, out TcpHeader tcp)) return DropReason.None;
        bool isPartial = tcp.Checksum == pseudoHeader;
        if (isPartial) offload = Partial(transport, TcpHeader.ChecksumOffset);

        int headers = transport + tcp.HeaderLength;
        if (packet.Length <= mtu || headers >= mtu) return DropReason.None;
        if (!isPartial)
        {
            if (InternetChecksum.Fold(pseudoHeader + InternetChecksum.Sum(segment)) != 0xffff) return DropReason.TcpCsum;
            BinaryPrimitives.WriteUInt16BigEndian(packet[(transport + TcpHeader.ChecksumOffset)..], (ushort)pseudoHeader);
        }

        // The sender's segment size is not to be had; any size that fits the pod's link serves a byte stream.
        const byte Cwr = 0x80;
        int type = packet[0] >> 4 == 4 ? VirtioNetHeader.GsoTcpv4 : VirtioNetHeader.GsoTcpv6;
        if ((tcp.Flags & Cwr) != 0) type |= VirtioNetHeader.GsoEcn;
        offload = Super((byte)type, transport, tcp.HeaderLength, mtu - headers, TcpHeader.ChecksumOffset);
        return DropReason.None;
    }

    /// <summary>The offload header of a super-packet.</summary>
    /// <param name="type">One of the Gso constants of <see cref="VirtioNetHeader"/>.</param>
    /// <param name="transport">Offset of the transport header.</param>
    /// <param name="transportLength">Bytes of the transport header.</param>
    /// <param name="segmentSize">Payload bytes of each segment.</param>
    /// <param name="checksumOffset">Where the checksum is in the transport header.</param>
    public static VirtioNetHeader Super(byte type, int transport, int transportLength, int segmentSize, int checksumOffset) => new(
        VirtioNetHeader.NeedsChecksum, type, (ushort)(transport + transportLength), (ushort)segmentSize,
        (ushort)transport, (ushort)checksumOffset);

    private static VirtioNetHeader Partial(int transport, int checksumOffset) =>
        new(VirtioNetHeader.NeedsChecksum, VirtioNetHeader.GsoNone, 0, 0, (ushort)transport, (ushort)checksumOffset);
}
