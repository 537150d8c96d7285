//  RFC 9293 section 3.1
//
//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |          Source Port          |       Destination Port        |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                        Sequence Number                        |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                    Acknowledgment Number                      |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  | Offset| Rsrvd |C|E|U|A|P|R|S|F|            Window             |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |           Checksum            |         Urgent Pointer        |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                           Options                             |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

using System.Buffers.Binary;

namespace Overlay.Wire.Headers;

/// <summary>A view of a TCP segment; integers in host byte order.</summary>
public readonly ref struct TcpHeader
{
    /// <summary>Bytes of a header without options.</summary>
    public const int MinLength = 20;

    /// <summary>Where the checksum is, in bytes from the start of the header.</summary>
    public const int ChecksumOffset = 16;

    /// <summary>Where the sequence number is, in bytes from the start of the header.</summary>
    public const int SequenceOffset = 4;

    /// <summary>Where the acknowledgment number is.</summary>
    public const int AcknowledgmentOffset = 8;

    /// <summary>Where the data offset is: the header's length in words of four bytes, in the high four bits.</summary>
    public const int DataOffsetOffset = 12;

    /// <summary>Where <see cref="TcpFlags"/> are.</summary>
    public const int FlagsOffset = 13;

    private const int WindowOffset = 14;
    private const int UrgentPointerOffset = 18;

    private readonly ReadOnlySpan<byte> _segment;

    private TcpHeader(ReadOnlySpan<byte> segment) => _segment = segment;

    public ushort SourcePort => BinaryPrimitives.ReadUInt16BigEndian(_segment);

    public ushort DestinationPort => BinaryPrimitives.ReadUInt16BigEndian(_segment[2..]);

    public uint SequenceNumber => BinaryPrimitives.ReadUInt32BigEndian(_segment[SequenceOffset..]);

    public uint AcknowledgmentNumber => BinaryPrimitives.ReadUInt32BigEndian(_segment[AcknowledgmentOffset..]);

    /// <summary>Bytes of the header with its options: 20 to 60.</summary>
    public int HeaderLength => (_segment[DataOffsetOffset] >> 4) * 4;

    /// <summary>Any of <see cref="TcpFlags"/>.</summary>
    public byte Flags => _segment[FlagsOffset];

    public ushort Window => BinaryPrimitives.ReadUInt16BigEndian(_segment[WindowOffset..]);

    public ushort Checksum => BinaryPrimitives.ReadUInt16BigEndian(_segment[ChecksumOffset..]);

    public ushort UrgentPointer => BinaryPrimitives.ReadUInt16BigEndian(_segment[UrgentPointerOffset..]);

    public ReadOnlySpan<byte> Options => _segment[MinLength..HeaderLength];

    public ReadOnlySpan<byte> Payload => _segment[HeaderLength..];

    /// <summary>False unless the data offset is at least 5 words and lies within the bytes given.</summary>
    public static bool TryParse(ReadOnlySpan<byte> segment, out TcpHeader header)
    {
        header = new(segment);
        return segment.Length >= MinLength && header.HeaderLength >= MinLength && header.HeaderLength <= segment.Length;
    }

    /// <summary>Writes a header without options.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The destination is shorter than 20 bytes.</exception>
    public static void Write(
        Span<byte> destination, ushort sourcePort, ushort destinationPort, uint sequenceNumber,
        uint acknowledgmentNumber, byte flags, ushort window, ushort checksum, ushort urgentPointer)
    {
        destination = destination[..MinLength];
        BinaryPrimitives.WriteUInt16BigEndian(destination, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], destinationPort);
        BinaryPrimitives.WriteUInt32BigEndian(destination[SequenceOffset..], sequenceNumber);
        BinaryPrimitives.WriteUInt32BigEndian(destination[AcknowledgmentOffset..], acknowledgmentNumber);
        destination[DataOffsetOffset] = MinLength / 4 << 4;
        destination[FlagsOffset] = flags;
        BinaryPrimitives.WriteUInt16BigEndian(destination[WindowOffset..], window);
        BinaryPrimitives.WriteUInt16BigEndian(destination[ChecksumOffset..], checksum);
        BinaryPrimitives.WriteUInt16BigEndian(destination[UrgentPointerOffset..], urgentPointer);
    }
}
