using System.Buffers.Binary;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Checksums;
using Overlay.Wire.Headers;

namespace Overlay.Fuzzing.Packets;

/// <summary>
/// Makes the checksums of a mutated packet right: no mutation hits 16 bits that depend on all others, and behind them
/// lie most of the checks.
/// </summary>
/// <remarks>What it writes is part of the input: no judgement of the product's goes by it.</remarks>
internal static class ChecksumMending
{
    /// <summary>The IPv4 header's.</summary>
    public const byte Header = 0x20;

    /// <summary>TCP's or UDP's, whole.</summary>
    public const byte Transport = 0x40;

    /// <summary>TCP's or UDP's, as a kernel leaves it to a device: the pseudo-header's sum alone.</summary>
    public const byte Partial = 0x80;

    /// <param name="packet">Anything; changed only where it is a packet.</param>
    /// <param name="choices">Which checksums.</param>
    public static void Apply(Span<byte> packet, byte choices)
    {
        if ((choices & Header) != 0) MendHeader(packet);
        if ((choices & (Transport | Partial)) == 0) return;
        if (InnerPacket.TryRead(packet, out InnerPacket inner) != DropReason.None || !inner.HasTransport) return;
        int field = inner.Protocol switch
        {
            IpProtocol.Tcp => TcpHeader.ChecksumOffset,
            IpProtocol.Udp => UdpHeader.ChecksumOffset,
            _ => int.MaxValue - sizeof(ushort),
        };
        Span<byte> segment = inner.Segment;
        if (field + sizeof(ushort) > segment.Length) return;
        ushort pseudoHeader = (ushort)inner.PseudoHeader(segment.Length);
        BinaryPrimitives.WriteUInt16BigEndian(segment[field..], pseudoHeader);
        if ((choices & Partial) != 0) return;
        ushort whole = InternetChecksum.Finish(InternetChecksum.Sum(segment));
        BinaryPrimitives.WriteUInt16BigEndian(segment[field..], whole == 0 ? (ushort)0xffff : whole);
    }

    private static void MendHeader(Span<byte> packet)
    {
        if (packet.Length < Ipv4Header.MinLength || packet[0] >> 4 != 4) return;
        int length = (packet[0] & 0x0f) * 4;
        if (length < Ipv4Header.MinLength || length > packet.Length) return;
        BinaryPrimitives.WriteUInt16BigEndian(packet[Ipv4Header.ChecksumOffset..], 0);
        BinaryPrimitives.WriteUInt16BigEndian(
            packet[Ipv4Header.ChecksumOffset..], InternetChecksum.Finish(InternetChecksum.Sum(packet[..length])));
    }
}
