using System.Buffers.Binary;
using Overlay.Wire.Values;

//  RFC 7348 section 5
//
//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |R|R|R|R|I|R|R|R|                    Reserved                   |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                VXLAN Network Identifier (VNI) |    Reserved   |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+


namespace Overlay.Wire.Headers;

/// <summary>A view of a VXLAN header; integers in host byte order.</summary>
/// <remarks>
/// RFC 7348 has receivers ignore reserved bits; Linux (vxlan_core.c, vxlan_rcv) drops a frame that has any set, since
/// extensions such as GBP, GPE and RCO announce themselves there and change what follows. We do as Linux does.
/// </remarks>
public readonly ref struct VxlanHeader
{
    /// <summary>Bytes of the header.</summary>
    public const int Length = 8;

    private const uint ValidVni = 0x0800_0000;

    private readonly ReadOnlySpan<byte> _datagram;

    private VxlanHeader(ReadOnlySpan<byte> datagram) => _datagram = datagram;

    /// <summary>The I flag is set and every reserved bit is zero.</summary>
    public bool IsValid => BinaryPrimitives.ReadUInt32BigEndian(_datagram) == ValidVni && _datagram[7] == 0;

    public Vni Vni => new(BinaryPrimitives.ReadUInt32BigEndian(_datagram[4..]) >> 8);

    /// <summary>The inner Ethernet frame.</summary>
    public ReadOnlySpan<byte> Payload => _datagram[Length..];

    /// <summary>False when the datagram is shorter than the header.</summary>
    public static bool TryParse(ReadOnlySpan<byte> datagram, out VxlanHeader header)
    {
        header = new(datagram);
        return datagram.Length >= Length;
    }

    /// <summary>Writes a header with the I flag and that VNI; reserved bits zero.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The destination is shorter than the header.</exception>
    public static void Write(Span<byte> destination, Vni vni)
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination, ValidVni);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], vni.Value << 8);
    }
}
