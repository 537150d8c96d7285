// RFC 792 (ICMP) and RFC 4443 section 2.1 (ICMPv6): the same first eight bytes; the last four as echo and errors use
// them
//
//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |     Type      |     Code      |           Checksum            |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |  Identifier (errors: unused)  |Sequence (errors: next-hop MTU)|
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

using System.Buffers.Binary;

namespace Overlay.Wire.Headers;

/// <summary>A view of an ICMP or ICMPv6 message; integers in host byte order.</summary>
/// <remarks>
/// The two differ in what their checksum covers: ICMPv6 includes the IPv6 pseudo-header, ICMP has none.
/// </remarks>
public readonly ref struct IcmpHeader
{
    /// <summary>Bytes of the header.</summary>
    public const int Length = 8;

    private readonly ReadOnlySpan<byte> _message;

    private IcmpHeader(ReadOnlySpan<byte> message) => _message = message;

    public byte Type => _message[0];

    public byte Code => _message[1];

    public ushort Checksum => BinaryPrimitives.ReadUInt16BigEndian(_message[2..]);

    /// <summary>Echo and echo reply only.</summary>
    public ushort Identifier => BinaryPrimitives.ReadUInt16BigEndian(_message[4..]);

    /// <summary>Echo and echo reply only.</summary>
    public ushort SequenceNumber => BinaryPrimitives.ReadUInt16BigEndian(_message[6..]);

    public ReadOnlySpan<byte> Payload => _message[Length..];

    /// <summary>False when the message is shorter than the header.</summary>
    public static bool TryParse(ReadOnlySpan<byte> message, out IcmpHeader header)
    {
        header = new(message);
        return message.Length >= Length;
    }

    /// <exception cref="ArgumentOutOfRangeException">The destination is shorter than 8 bytes.</exception>
    public static void Write(
        Span<byte> destination, byte type, byte code, ushort checksum, ushort identifier, ushort sequenceNumber)
    {
        destination = destination[..Length];
        destination[0] = type;
        destination[1] = code;
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], checksum);
        BinaryPrimitives.WriteUInt16BigEndian(destination[4..], identifier);
        BinaryPrimitives.WriteUInt16BigEndian(destination[6..], sequenceNumber);
    }
}
