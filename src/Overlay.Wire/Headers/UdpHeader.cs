//  RFC 768
//
//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |          Source Port          |        Destination Port       |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |             Length            |            Checksum           |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

using System.Buffers.Binary;

namespace Overlay.Wire.Headers;

/// <summary>A view of a UDP datagram; integers in host byte order.</summary>
public readonly ref struct UdpHeader
{
    /// <summary>Bytes of the header.</summary>
    public const int HeaderLength = 8;

    /// <summary>Where the checksum is, in bytes from the start of the header.</summary>
    public const int ChecksumOffset = 6;

    /// <summary>Where the length is.</summary>
    public const int LengthOffset = 4;

    /// <summary>Bytes of the largest payload over IPv4: 65,535 less the IPv4 header and this one.</summary>
    public const int MaxPayload = ushort.MaxValue - Ipv4Header.MinLength - HeaderLength;

    private readonly ReadOnlySpan<byte> _datagram;

    private UdpHeader(ReadOnlySpan<byte> datagram) => _datagram = datagram;

    public ushort SourcePort => BinaryPrimitives.ReadUInt16BigEndian(_datagram);

    public ushort DestinationPort => BinaryPrimitives.ReadUInt16BigEndian(_datagram[2..]);

    /// <summary>Bytes of header and payload.</summary>
    public ushort Length => BinaryPrimitives.ReadUInt16BigEndian(_datagram[LengthOffset..]);

    /// <summary>Zero means the sender made none (IPv4 only).</summary>
    public ushort Checksum => BinaryPrimitives.ReadUInt16BigEndian(_datagram[ChecksumOffset..]);

    public ReadOnlySpan<byte> Payload => _datagram[HeaderLength..Length];

    /// <summary>False unless the length field is at least 8 and lies within the bytes given.</summary>
    public static bool TryParse(ReadOnlySpan<byte> datagram, out UdpHeader header)
    {
        header = new(datagram);
        return datagram.Length >= HeaderLength && header.Length >= HeaderLength && header.Length <= datagram.Length;
    }

    /// <exception cref="ArgumentOutOfRangeException">The destination is shorter than 8 bytes.</exception>
    public static void Write(
        Span<byte> destination, ushort sourcePort, ushort destinationPort, ushort length, ushort checksum)
    {
        destination = destination[..HeaderLength];
        BinaryPrimitives.WriteUInt16BigEndian(destination, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], destinationPort);
        BinaryPrimitives.WriteUInt16BigEndian(destination[LengthOffset..], length);
        BinaryPrimitives.WriteUInt16BigEndian(destination[ChecksumOffset..], checksum);
    }
}
