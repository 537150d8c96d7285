using System.Buffers.Binary;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Headers;

namespace Overlay.Dataplane.Tests;

/// <summary>
/// Does what a kernel does that is handed a packet with an offload header (virtio 1.2 section 5.1.6.2), by none of the
/// product's code.
/// </summary>
internal static class PacketSplitter
{
    private const byte Fin = 0x01;
    private const byte Psh = 0x08;
    private const byte Cwr = 0x80;

    /// <summary>The packets that reach the pod, with finished checksums.</summary>
    public static IReadOnlyList<byte[]> Split(byte[] packet, VirtioNetHeader offload)
    {
        if (offload.Flags == 0)
        {
            offload.ShouldBe(default);
            return [packet];
        }

        offload.Flags.ShouldBe(VirtioNetHeader.NeedsChecksum);
        int transport = offload.ChecksumStart;
        int field = transport + offload.ChecksumOffset;
        ushort pseudoHeader = PseudoHeader(packet, transport, offload.ChecksumOffset);
        BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(field))
            .ShouldBe(pseudoHeader, "the kernel goes on from the pseudo-header's sum");
        if (offload.GsoType == VirtioNetHeader.GsoNone) return [Finish([.. packet], transport, offload.ChecksumOffset)];

        CheckSuperPacket(packet, offload);
        byte[][] payloads = [.. packet[offload.HeaderLength..].Chunk(offload.GsoSize)];
        return [.. payloads.Select((payload, i) => Segment(packet, payload, offload, i, payloads.Length))];
    }

    /// <summary>
    /// The same packet with an IPv4 identification of zero: a sender's numbers do not survive joining, nor need they.
    /// </summary>
    public static byte[] WithoutIdentification(byte[] packet)
    {
        if (packet[0] >> 4 != 4) return packet;
        int length = (packet[0] & 15) * 4;
        ReferenceChecksum.Sum(packet.AsSpan(0, length)).ShouldBe((ushort)0xffff, "an IPv4 header's checksum is wrong");
        packet = [.. packet];
        packet.AsSpan(4, 2).Clear();
        WriteIpv4Checksum(packet);
        return packet;
    }

    // What the kernel refuses (virtio_net_hdr_to_skb), and what would make it segment amiss.
    private static void CheckSuperPacket(byte[] packet, VirtioNetHeader offload)
    {
        bool isIpv4 = packet[0] >> 4 == 4;
        bool isUdp = offload.ChecksumOffset == 6;
        int type = offload.GsoType & 0x7f;
        type.ShouldBe(isUdp ? 5 : isIpv4 ? 1 : 4);
        bool hasCwr = !isUdp && (packet[offload.ChecksumStart + 13] & Cwr) != 0;
        (offload.GsoType >> 7).ShouldBe(hasCwr ? 1 : 0);
        int transportLength = isUdp ? 8 : packet[offload.ChecksumStart + 12] >> 4 << 2;
        ((int)offload.HeaderLength).ShouldBe(offload.ChecksumStart + transportLength);
        offload.GsoSize.ShouldBeGreaterThan((ushort)0);
        int payload = packet.Length - offload.HeaderLength;
        payload.ShouldBeGreaterThan(offload.GsoSize, "one segment is no super-packet");
        if (isUdp)
            payload.ShouldBeLessThanOrEqualTo(offload.GsoSize * 64, "more segments than kernels before 6.9 take");
        if (isUdp)
            BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(offload.ChecksumStart + 4))
                .ShouldBe((ushort)(payload + 8));
        int ipLength = BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(isIpv4 ? 2 : 4)) + (isIpv4 ? 0 : 40);
        ipLength.ShouldBe(packet.Length);
    }

    private static byte[] Segment(byte[] packet, byte[] payload, VirtioNetHeader offload, int index, int count)
    {
        byte[] segment = [.. packet[..offload.HeaderLength], .. payload];
        int transport = offload.ChecksumStart;
        bool isIpv4 = segment[0] >> 4 == 4;
        BinaryPrimitives.WriteUInt16BigEndian(
            segment.AsSpan(isIpv4 ? 2 : 4), (ushort)(segment.Length - (isIpv4 ? 0 : 40)));
        if (isIpv4)
        {
            Span<byte> identification = segment.AsSpan(4, 2);
            BinaryPrimitives.WriteUInt16BigEndian(
                identification, (ushort)(BinaryPrimitives.ReadUInt16BigEndian(identification) + index));
            WriteIpv4Checksum(segment);
        }

        if (offload.ChecksumOffset == 6)
            BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(transport + 4), (ushort)(segment.Length - transport));
        else
        {
            Span<byte> sequence = segment.AsSpan(transport + 4, 4);
            BinaryPrimitives.WriteUInt32BigEndian(
                sequence, BinaryPrimitives.ReadUInt32BigEndian(sequence) + (uint)(index * offload.GsoSize));
            if (index > 0) segment[transport + 13] &= unchecked((byte)~Cwr);
            if (index < count - 1) segment[transport + 13] &= unchecked((byte)~(Fin | Psh));
        }

        BinaryPrimitives.WriteUInt16BigEndian(
            segment.AsSpan(transport + offload.ChecksumOffset),
            PseudoHeader(segment, transport, offload.ChecksumOffset));
        return Finish(segment, transport, offload.ChecksumOffset);
    }

    private static byte[] Finish(byte[] packet, int transport, int checksumOffset)
    {
        ushort checksum = (ushort)~ReferenceChecksum.Sum(packet.AsSpan(transport));
        if (checksum == 0 && checksumOffset == 6) checksum = 0xffff;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(transport + checksumOffset), checksum);
        return packet;
    }

    private static ushort PseudoHeader(byte[] packet, int transport, int checksumOffset)
    {
        int addresses = packet[0] >> 4 == 4 ? 12 : 8;
        int size = packet[0] >> 4 == 4 ? 4 : 16;
        byte protocol = checksumOffset == 6 ? IpProtocol.Udp : IpProtocol.Tcp;
        return ReferenceChecksum.PseudoHeader(
            packet[addresses..(addresses + size)], packet[(addresses + size)..(addresses + (2 * size))], protocol,
            packet.Length - transport);
    }

    private static void WriteIpv4Checksum(Span<byte> packet)
    {
        packet.Slice(10, 2).Clear();
        BinaryPrimitives.WriteUInt16BigEndian(
            packet[10..], (ushort)~ReferenceChecksum.Sum(packet[..((packet[0] & 15) * 4)]));
    }
}
