using System.Buffers.Binary;
using Overlay.Wire.Checksums;
using Overlay.Wire.Values;

//  RFC 791 section 3.1; TOS byte as DSCP (RFC 2474) and ECN (RFC 3168)
//
//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |Version|  IHL  |    DSCP   |ECN|          Total Length         |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |         Identification        |0|D|M|     Fragment Offset     |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |  Time to Live |    Protocol   |        Header Checksum        |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                         Source Address                        |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                      Destination Address                      |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                    Options                    |    Padding    |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+


namespace Overlay.Wire.Headers;

/// <summary>A view of an IPv4 packet; integers in host byte order.</summary>
public readonly ref struct Ipv4Header
{
    /// <summary>Bytes of a header without options.</summary>
    public const int MinLength = 20;

    /// <summary>The DF bit of <see cref="FlagsAndFragmentOffset"/>.</summary>
    public const ushort DontFragment = 0x4000;

    /// <summary>The MF bit of <see cref="FlagsAndFragmentOffset"/>.</summary>
    public const ushort MoreFragments = 0x2000;

    /// <summary>Where the TOS byte is, in bytes from the start of the header.</summary>
    public const int TosOffset = 1;

    /// <summary>Where the total length is.</summary>
    public const int TotalLengthOffset = 2;

    /// <summary>Where the identification is.</summary>
    public const int IdentificationOffset = 4;

    /// <summary>Where <see cref="FlagsAndFragmentOffset"/> is.</summary>
    public const int FragmentOffset = 6;

    /// <summary>Where the TTL is.</summary>
    public const int TtlOffset = 8;

    /// <summary>Where the header checksum is.</summary>
    public const int ChecksumOffset = 10;

    /// <summary>Where the source address is; the destination's follows it.</summary>
    public const int SourceOffset = 12;

    /// <summary>Where the destination address is.</summary>
    public const int DestinationOffset = 16;

    private const int ProtocolOffset = 9;

    private readonly ReadOnlySpan<byte> _packet;

    private Ipv4Header(ReadOnlySpan<byte> packet) => _packet = packet;

    /// <summary>Bytes of the header with its options: 20 to 60.</summary>
    public int HeaderLength => (_packet[0] & 0x0f) * 4;

    /// <summary>DSCP and ECN.</summary>
    public byte Tos => _packet[TosOffset];

    public Ecn Ecn => (Ecn)(Tos & 3);

    /// <summary>Bytes of header and payload.</summary>
    public ushort TotalLength => BinaryPrimitives.ReadUInt16BigEndian(_packet[TotalLengthOffset..]);

    public ushort Identification => BinaryPrimitives.ReadUInt16BigEndian(_packet[IdentificationOffset..]);

    public ushort FlagsAndFragmentOffset => BinaryPrimitives.ReadUInt16BigEndian(_packet[FragmentOffset..]);

    /// <summary>True for every fragment, the first included.</summary>
    public bool IsFragment => (FlagsAndFragmentOffset & 0x3fff) != 0;

    public byte Ttl => _packet[TtlOffset];

    public byte Protocol => _packet[ProtocolOffset];

    public ushort Checksum => BinaryPrimitives.ReadUInt16BigEndian(_packet[ChecksumOffset..]);

    public bool IsChecksumValid => InternetChecksum.Sum(_packet[..HeaderLength]) == 0xffff;

    public Ipv4Address Source => Ipv4Address.Read(_packet[SourceOffset..]);

    public Ipv4Address Destination => Ipv4Address.Read(_packet[DestinationOffset..]);

    public ReadOnlySpan<byte> Options => _packet[MinLength..HeaderLength];

    /// <summary>What follows the header up to <see cref="TotalLength"/>; link-layer padding is left out.</summary>
    public ReadOnlySpan<byte> Payload => _packet[HeaderLength..TotalLength];

    /// <summary>
    /// False unless version, header length and total length are sound and lie within the bytes given.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> packet, out Ipv4Header header)
    {
        header = new(packet);
        return packet.Length >= MinLength
            && packet[0] >> 4 == 4
            && header.HeaderLength >= MinLength
            && header.TotalLength >= header.HeaderLength
            && header.TotalLength <= packet.Length;
    }

    /// <summary>Writes a header without options, its checksum included.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The destination is shorter than 20 bytes.</exception>
    public static void Write(
        Span<byte> destination, byte tos, ushort totalLength, ushort identification, ushort flagsAndFragmentOffset,
        byte ttl, byte protocol, Ipv4Address source, Ipv4Address target)
    {
        destination = destination[..MinLength];
        destination[0] = 0x45;
        destination[TosOffset] = tos;
        BinaryPrimitives.WriteUInt16BigEndian(destination[TotalLengthOffset..], totalLength);
        BinaryPrimitives.WriteUInt16BigEndian(destination[IdentificationOffset..], identification);
        BinaryPrimitives.WriteUInt16BigEndian(destination[FragmentOffset..], flagsAndFragmentOffset);
        destination[TtlOffset] = ttl;
        destination[ProtocolOffset] = protocol;
        BinaryPrimitives.WriteUInt16BigEndian(destination[ChecksumOffset..], 0);
        source.Write(destination[SourceOffset..]);
        target.Write(destination[DestinationOffset..]);
        BinaryPrimitives.WriteUInt16BigEndian(
            destination[ChecksumOffset..], InternetChecksum.Finish(InternetChecksum.Sum(destination)));
    }

    /// <summary>Changes the ECN bits of a packet that parsed, and its header checksum with them (RFC 1624).</summary>
    public static void SetEcn(Span<byte> packet, Ecn ecn)
    {
        ushort before = BinaryPrimitives.ReadUInt16BigEndian(packet);
        packet[TosOffset] = (byte)((packet[TosOffset] & ~3) | (int)ecn);
        ushort checksum = BinaryPrimitives.ReadUInt16BigEndian(packet[ChecksumOffset..]);
        BinaryPrimitives.WriteUInt16BigEndian(
            packet[ChecksumOffset..],
            InternetChecksum.Update(checksum, before, BinaryPrimitives.ReadUInt16BigEndian(packet)));
    }
}
