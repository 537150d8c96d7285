using System.Buffers.Binary;
using Overlay.Wire.Values;

//  IEEE 802.3 clause 3, as VXLAN carries it (RFC 7348 section 5, "Inner Ethernet Header"); no 802.1Q tag.
//
//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                     Destination MAC Address                   |
//  +                               +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                               |                               |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+                               +
//  |                       Source MAC Address                      |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |           EtherType           |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+


namespace Overlay.Wire.Headers;

/// <summary>A view of an Ethernet II header; integers in host byte order.</summary>
public readonly ref struct EthernetHeader
{
    /// <summary>Bytes of the header.</summary>
    public const int Length = 14;

    /// <summary>EtherType of IPv4.</summary>
    public const ushort Ipv4 = 0x0800;

    /// <summary>EtherType of IPv6.</summary>
    public const ushort Ipv6 = 0x86dd;

    private readonly ReadOnlySpan<byte> _frame;

    private EthernetHeader(ReadOnlySpan<byte> frame) => _frame = frame;

    public MacAddress Destination => MacAddress.Read(_frame);

    public MacAddress Source => MacAddress.Read(_frame[6..]);

    public ushort EtherType => BinaryPrimitives.ReadUInt16BigEndian(_frame[12..]);

    public ReadOnlySpan<byte> Payload => _frame[Length..];

    /// <summary>False when the frame is shorter than its header.</summary>
    public static bool TryParse(ReadOnlySpan<byte> frame, out EthernetHeader header)
    {
        header = new(frame);
        return frame.Length >= Length;
    }

    /// <exception cref="ArgumentOutOfRangeException">The destination is shorter than the header.</exception>
    public static void Write(Span<byte> destination, MacAddress to, MacAddress from, ushort etherType)
    {
        to.Write(destination);
        from.Write(destination[6..]);
        BinaryPrimitives.WriteUInt16BigEndian(destination[12..], etherType);
    }
}
