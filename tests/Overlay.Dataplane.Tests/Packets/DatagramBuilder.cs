using System.Buffers.Binary;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Tests;

/// <summary>A VXLAN datagram from one node to another: right in everything that is not changed.</summary>
internal sealed record DatagramBuilder
{
    private uint _flags = 0x0800_0000;
    private uint _vni = TestNode.Network.Value << 8;
    private MacAddress _to;
    private MacAddress _from;
    private ushort? _etherType;
    private byte[] _inner = [];
    private byte[] _padding = [];

    public static DatagramBuilder Between(TestNode from, TestNode to, byte[] inner) =>
        new() { _from = from.Mac, _to = to.Mac, _inner = inner };

    /// <summary>The header's first word: flags and reserved bits.</summary>
    public DatagramBuilder Flags(uint word) => this with { _flags = word };

    /// <summary>The header's second word: VNI and reserved bits.</summary>
    public DatagramBuilder VniWord(uint word) => this with { _vni = word };

    public DatagramBuilder SourceMac(string mac) => this with { _from = MacAddress.Parse(mac) };

    public DatagramBuilder DestinationMac(string mac) => this with { _to = MacAddress.Parse(mac) };

    public DatagramBuilder EtherType(ushort etherType) => this with { _etherType = etherType };

    /// <summary>What a link layer with a minimum frame appends.</summary>
    public DatagramBuilder Padding(int length) => this with { _padding = PacketBuilder.Pattern(length) };

    public byte[] Build()
    {
        byte[] header = new byte[22];
        BinaryPrimitives.WriteUInt32BigEndian(header, _flags);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), _vni);
        WriteMac(header.AsSpan(8, 6), _to);
        WriteMac(header.AsSpan(14, 6), _from);
        BinaryPrimitives.WriteUInt16BigEndian(
            header.AsSpan(20), _etherType ?? (_inner[0] >> 4 == 4 ? (ushort)0x0800 : (ushort)0x86dd));
        return [.. header, .. _inner, .. _padding];
    }

    private static void WriteMac(Span<byte> destination, MacAddress mac)
    {
        ulong rest = mac.Value;
        for (int i = destination.Length - 1; i >= 0; i--, rest >>= 8) destination[i] = (byte)rest;
    }
}
