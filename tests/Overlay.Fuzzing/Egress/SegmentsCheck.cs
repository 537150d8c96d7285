using System.Buffers.Binary;
using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Tests;
using Overlay.Fuzzing.Packets;
using Overlay.Fuzzing.Targets;
using Overlay.Wire.Headers;

namespace Overlay.Fuzzing.Egress;

/// <summary>Segments that were cut of a super-packet: all of its payload, behind headers that are right.</summary>
internal static class SegmentsCheck
{
    private const int TcpFlagsOffset = 13;
    private const byte Cwr = 0x80;
    private const byte FinAndPsh = 0x09;

    /// <param name="offload">The super-packet's.</param>
    /// <param name="packet">The super-packet as it came.</param>
    /// <param name="header">Bytes of each segment in front of its payload.</param>
    /// <param name="sent">The segments.</param>
    /// <exception cref="BrokenInvariantException">They are not.</exception>
    public static void Check(in VirtioNetHeader offload, byte[] packet, int header, List<byte[]> sent)
    {
        bool isUdp = offload.GsoType == VirtioNetHeader.GsoUdpL4;
        Invariant.Holds(offload.GsoSize > 0 && (offload.Flags & VirtioNetHeader.NeedsChecksum) != 0);
        bool isIpv4 = packet[0] >> 4 == 4;
        int length = BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(isIpv4 ? 2 : 4)) + (isIpv4 ? 0 : 40);
        int transport = TransportOf(packet, isUdp);
        Invariant.Holds(
            header == transport + (isUdp ? 8 : (packet[transport + 12] >> 4) * 4),
            "headers end where the payload begins");
        int at = header;
        for (int i = 0; i < sent.Count; i++)
        {
            int payload = Math.Min(offload.GsoSize, length - at);
            Invariant.Holds(
                payload > 0 && sent[i].Length == header + payload, "a segment has its share of the payload");
            Invariant.Same(sent[i].AsSpan(header), packet.AsSpan(at, payload), "a segment's payload");
            CheckHeaders(sent[i], isIpv4, transport, isUdp);
            if (!isUdp) CheckTcp(sent[i].AsSpan(transport), packet.AsSpan(transport), i, sent.Count, offload.GsoSize);
            at += payload;
        }

        Invariant.Holds(at == length, "the segments have all of the payload");
    }

    // RFC 8200, section 4, and RFC 4302: options, routing and an authentication header may lie between.
    private static int TransportOf(byte[] packet, bool isUdp)
    {
        if (packet[0] >> 4 == 4) return (packet[0] & 15) * 4;
        (int at, byte next) = (40, packet[6]);
        while (next is 0 or 43 or 51 or 60)
            (at, next) = (at + (next == 51 ? (packet[at + 1] + 2) * 4 : (packet[at + 1] + 1) * 8), packet[at]);
        Invariant.Holds(next == (isUdp ? IpProtocol.Udp : IpProtocol.Tcp), "a super-packet is of its type's protocol");
        return at;
    }

    private static void CheckHeaders(byte[] segment, bool isIpv4, int transport, bool isUdp)
    {
        int ipLength = BinaryPrimitives.ReadUInt16BigEndian(segment.AsSpan(isIpv4 ? 2 : 4)) + (isIpv4 ? 0 : 40);
        Invariant.Holds(ipLength == segment.Length, "a segment's IP header has its length");
        if (isIpv4)
            Invariant.Holds(
                ReferenceChecksum.Sum(segment.AsSpan(0, transport)) == 0xffff,
                "a segment's IPv4 header has its checksum");
        if (isUdp)
            Invariant.Holds(
                BinaryPrimitives.ReadUInt16BigEndian(segment.AsSpan(transport + 4)) == segment.Length - transport,
                "a segment's UDP header has its length");
        (byte[] source, byte[] destination) = FuzzNetwork.AddressesOf(segment);
        ushort pseudoHeader = ReferenceChecksum.PseudoHeader(
            source, destination, isUdp ? IpProtocol.Udp : IpProtocol.Tcp, segment.Length - transport);
        Invariant.Holds(
            ReferenceChecksum.IsSound(pseudoHeader, segment.AsSpan(transport)), "a segment's checksum is right");
    }

    private static void CheckTcp(ReadOnlySpan<byte> tcp, ReadOnlySpan<byte> super, int index, int count, int size)
    {
        uint sequence = BinaryPrimitives.ReadUInt32BigEndian(super[4..]) + (uint)(index * size);
        Invariant.Holds(
            BinaryPrimitives.ReadUInt32BigEndian(tcp[4..]) == sequence, "a segment has its sequence number");
        int flags = super[TcpFlagsOffset] & (index > 0 ? ~Cwr : ~0) & (index < count - 1 ? ~FinAndPsh : ~0) & 0xff;
        Invariant.Holds(tcp[TcpFlagsOffset] == flags, "CWR is the first segment's, FIN and PSH are the last one's");
    }
}
