using System.Buffers.Binary;
using Overlay.Wire.Values;

//  RFC 8200 section 3; extension headers, section 4
//
//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |Version| Traffic Class |           Flow Label                  |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |         Payload Length        |  Next Header  |   Hop Limit   |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                   Source Address (16 bytes)                   |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                 Destination Address (16 bytes)                |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
//  an extension header (sections 4.3, 4.4, 4.6): 8 bytes times (Hdr Ext Len + 1); the authentication header (RFC 4302
//  section 2) counts 4 bytes times (length + 2)
//
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |  Next Header  |  Hdr Ext Len  |                               |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+                               +
//  |              Options or data of the header's type             |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
//  fragment header (section 4.5)
//
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |  Next Header  |    Reserved   |     Fragment Offset     |Res|M|
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                         Identification                        |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+


namespace Overlay.Wire.Headers;

/// <summary>A view of an IPv6 packet; integers in host byte order. Jumbograms (RFC 2675) are not supported.</summary>
public readonly ref struct Ipv6Header
{
    /// <summary>Bytes of the fixed header.</summary>
    public const int Length = 40;

    /// <summary>Most extension headers that are walked; RFC 8200 section 4.1 expects at most seven.</summary>
    public const int MaxExtensionHeaders = 8;

    /// <summary>Where the payload length is, in bytes from the start of the header.</summary>
    public const int PayloadLengthOffset = 4;

    /// <summary>Where the hop limit is.</summary>
    public const int HopLimitOffset = 7;

    /// <summary>Where the source address is; the destination's follows it.</summary>
    public const int SourceOffset = 8;

    /// <summary>Where the destination address is.</summary>
    public const int DestinationOffset = 24;

    private const int NextHeaderOffset = 6;

    private readonly ReadOnlySpan<byte> _packet;

    private Ipv6Header(ReadOnlySpan<byte> packet) => _packet = packet;

    /// <summary>DSCP and ECN.</summary>
    public byte TrafficClass => (byte)(BinaryPrimitives.ReadUInt16BigEndian(_packet) >> 4);

    public Ecn Ecn => (Ecn)(TrafficClass & 3);

    /// <summary>20 bits.</summary>
    public uint FlowLabel => BinaryPrimitives.ReadUInt32BigEndian(_packet) & 0xf_ffff;

    /// <summary>Bytes after the fixed header, extension headers included.</summary>
    public ushort PayloadLength => BinaryPrimitives.ReadUInt16BigEndian(_packet[PayloadLengthOffset..]);

    /// <summary>Bytes of header and payload.</summary>
    public int TotalLength => Length + PayloadLength;

    public byte NextHeader => _packet[NextHeaderOffset];

    public byte HopLimit => _packet[HopLimitOffset];

    public Ipv6Address Source => Ipv6Address.Read(_packet[SourceOffset..]);

    public Ipv6Address Destination => Ipv6Address.Read(_packet[DestinationOffset..]);

    /// <summary>What follows the fixed header, extension headers included.</summary>
    public ReadOnlySpan<byte> Payload => _packet[Length..TotalLength];

    /// <summary>False unless the version is 6 and the payload length lies within the bytes given.</summary>
    public static bool TryParse(ReadOnlySpan<byte> packet, out Ipv6Header header)
    {
        header = new(packet);
        return packet.Length >= Length
            && packet[0] >> 4 == 6
            && header.TotalLength <= packet.Length;
    }

    /// <summary>Walks the extension headers to the upper-layer one.</summary>
    /// <param name="protocol">The upper-layer protocol, valid when true is returned.</param>
    /// <param name="offset">Where its header starts, in bytes from the start of the packet.</param>
    /// <param name="isFragment">
    /// A fragment header was on the way; only a first fragment then holds the upper-layer header.
    /// </param>
    /// <returns>
    /// False when an extension header runs past the packet, when there are more than <see cref="MaxExtensionHeaders"/>,
    /// or in a fragment that is not the first.
    /// </returns>
    public bool TryFindUpperLayer(out byte protocol, out int offset, out bool isFragment)
    {
        protocol = NextHeader;
        offset = Length;
        isFragment = false;
        for (int i = 0; i <= MaxExtensionHeaders; i++)
        {
            if (!IsExtension(protocol)) return true;
            if (i == MaxExtensionHeaders || offset + 8 > TotalLength) return false;
            ReadOnlySpan<byte> extension = _packet[offset..];
            int length;
            if (protocol == IpProtocol.Fragment)
            {
                isFragment = true;
                if ((BinaryPrimitives.ReadUInt16BigEndian(extension[2..]) & 0xfff8) != 0) return false;
                length = 8;
            }
            else length = protocol == IpProtocol.AuthenticationHeader ? (extension[1] + 2) * 4 : (extension[1] + 1) * 8;

            protocol = extension[0];
            offset += length;
            if (offset > TotalLength) return false;
        }

        return false;
    }

    /// <exception cref="ArgumentOutOfRangeException">The destination is shorter than 40 bytes.</exception>
    public static void Write(
        Span<byte> destination, byte trafficClass, uint flowLabel, ushort payloadLength, byte nextHeader,
        byte hopLimit, Ipv6Address source, Ipv6Address target)
    {
        destination = destination[..Length];
        BinaryPrimitives.WriteUInt32BigEndian(
            destination, 0x6000_0000 | ((uint)trafficClass << 20) | (flowLabel & 0xf_ffff));
        BinaryPrimitives.WriteUInt16BigEndian(destination[PayloadLengthOffset..], payloadLength);
        destination[NextHeaderOffset] = nextHeader;
        destination[HopLimitOffset] = hopLimit;
        source.Write(destination[SourceOffset..]);
        target.Write(destination[DestinationOffset..]);
    }

    /// <summary>Changes the ECN bits of a packet that parsed; IPv6 has no header checksum.</summary>
    public static void SetEcn(Span<byte> packet, Ecn ecn) =>
        packet[1] = (byte)((packet[1] & ~0x30) | ((int)ecn << 4));

    private static bool IsExtension(byte protocol) => protocol
        is IpProtocol.HopByHop or IpProtocol.Routing or IpProtocol.Fragment
        or IpProtocol.AuthenticationHeader or IpProtocol.DestinationOptions;
}
