using System.Buffers.Binary;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Headers;

namespace Overlay.EndToEnd.Tests.Integrity;

/// <summary>Damage to a frame that carries VXLAN.</summary>
/// <remarks>
/// <para>
/// A burst of at most 15 bits, which the Internet checksum finds wherever it covers it: a sum modulo 65,535 of 16-bit
/// words stays the same only if a burst of 16 turns all zeros into all ones.
/// </para>
/// <para>
/// The outer UDP checksum covers VXLAN header and inner frame whole; a node's kernel judges it. Without it, inner TCP
/// and UDP checksums cover payload, ports and addresses, an inner IPv4 header has a checksum of its own, and nothing
/// covers inner Ethernet, or an inner IPv6 header's traffic class, flow label and hop limit.
/// </para>
/// </remarks>
internal static class FrameDamage
{
    private const int MostBits = 15;

    /// <summary>Flips bits somewhere behind the outer IP header, as often in headers as anywhere else.</summary>
    public static void Flip(Span<byte> bytes, in UnderlayFrame frame, Random random)
    {
        int end = random.Next(2) == 0 ? Math.Min(bytes.Length, frame.Inner + Ipv6Header.Length) : bytes.Length;
        int at = random.Next(frame.Udp, end);

        // The burst begins anywhere in that byte, and ends with the frame at the latest.
        int bits = Math.Min(random.Next(1, MostBits + 1), (8 * (bytes.Length - at)) - 7);
        uint burst = (uint)random.Next(1 << bits) | 1;
        burst <<= random.Next(8);
        for (; burst != 0; burst >>= 8) bytes[at++] ^= (byte)burst;
    }

    /// <summary>Sets an outer UDP checksum over IPv4 to zero: none (RFC 768).</summary>
    public static void ClearOuterChecksum(Span<byte> bytes, in UnderlayFrame frame)
    {
        if (frame.IsIpv4)
            BinaryPrimitives.WriteUInt16BigEndian(bytes[(frame.Udp + UdpHeader.ChecksumOffset)..], 0);
    }

    /// <summary>
    /// A sound inner checksum that happens to be the pseudo-header's sum: one of 65,536. A receiver cannot tell it from
    /// one that a virtual device has left unfinished, and has its kernel make another, which makes damage look right
    /// that no outer checksum shows.
    /// </summary>
    public static bool LooksUnfinished(Span<byte> packet)
    {
        if (InnerPacket.TryRead(packet, out InnerPacket inner) != DropReason.None || !inner.HasTransport) return false;
        uint sum = inner.PseudoHeader(inner.Segment.Length);
        return inner.Protocol == IpProtocol.Udp
            ? UdpHeader.TryParse(inner.Segment, out UdpHeader udp) && udp.Checksum == sum
            : TcpHeader.TryParse(inner.Segment, out TcpHeader tcp) && tcp.Checksum == sum;
    }
}
