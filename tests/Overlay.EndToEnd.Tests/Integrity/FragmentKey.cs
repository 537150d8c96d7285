using System.Buffers.Binary;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.EndToEnd.Tests.Integrity;

/// <summary>The fields that all fragments of one packet share (RFC 791 section 3.2, RFC 8200 section 4.5).</summary>
internal readonly record struct FragmentKey(IpAddress Source, IpAddress Destination, uint Identification)
{
    private const int UnitLength = 8;

    /// <summary>Reads a fragment of UDP; an IPv6 one has its fragment header right behind the IPv6 header.</summary>
    /// <param name="packet">An IP packet of sound header.</param>
    /// <param name="key">Valid where true is returned.</param>
    /// <param name="offset">Where its bytes belong.</param>
    /// <param name="hasMore">It is not the last.</param>
    /// <param name="payload">Its bytes.</param>
    public static bool TryRead(
        ReadOnlySpan<byte> packet, out FragmentKey key, out int offset, out bool hasMore,
        out ReadOnlySpan<byte> payload)
    {
        (key, offset, hasMore) = (default, 0, false);
        payload = default;
        if (Ipv4Header.TryParse(packet, out Ipv4Header ipv4))
        {
            if (!ipv4.IsFragment || ipv4.Protocol != IpProtocol.Udp) return false;
            key = new(ipv4.Source, ipv4.Destination, ipv4.Identification);
            offset = (ipv4.FlagsAndFragmentOffset & 0x1fff) * UnitLength;
            hasMore = (ipv4.FlagsAndFragmentOffset & Ipv4Header.MoreFragments) != 0;
            payload = ipv4.Payload;
            return true;
        }

        if (!Ipv6Header.TryParse(packet, out Ipv6Header ipv6) || ipv6.NextHeader != IpProtocol.Fragment) return false;
        ReadOnlySpan<byte> fragment = packet[Ipv6Header.Length..ipv6.TotalLength];
        if (fragment.Length < UnitLength || fragment[0] != IpProtocol.Udp) return false;
        key = new(ipv6.Source, ipv6.Destination, BinaryPrimitives.ReadUInt32BigEndian(fragment[4..]));
        ushort offsetAndMore = BinaryPrimitives.ReadUInt16BigEndian(fragment[2..]);
        offset = offsetAndMore & ~(UnitLength - 1);
        hasMore = (offsetAndMore & 1) != 0;
        payload = fragment[UnitLength..];
        return true;
    }
}
