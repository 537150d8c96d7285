using System.Runtime.InteropServices;
using System.Text;
using Overlay.Wire.Values;

namespace Overlay.Host.Netlink;

/// <summary>
/// A netlink request under construction: header, family structure, attributes; all in host byte order, aligned to 4.
/// </summary>
internal sealed class NetlinkMessage
{
    private const int HeaderLength = 16;
    private const int AttributeHeaderLength = 4;

    private readonly byte[] _buffer = new byte[1024];
    private int _length = HeaderLength;

    /// <param name="type">RTM_*.</param>
    /// <param name="flags">NLM_F_*, without REQUEST.</param>
    /// <param name="family">The request's fixed structure: ifinfomsg, ifaddrmsg, rtmsg.</param>
    public NetlinkMessage(ushort type, ushort flags, ReadOnlySpan<byte> family)
    {
        Type = type;
        MemoryMarshal.Write(_buffer.AsSpan(4), type);
        MemoryMarshal.Write(_buffer.AsSpan(6), (ushort)(flags | RtNetlink.NLM_F_REQUEST));
        family.CopyTo(_buffer.AsSpan(_length));
        _length += Align(family.Length);
    }

    public ushort Type { get; }

    /// <summary>The finished message.</summary>
    public ReadOnlySpan<byte> Finish(uint sequence)
    {
        MemoryMarshal.Write(_buffer, (uint)_length);
        MemoryMarshal.Write(_buffer.AsSpan(8), sequence);
        return _buffer.AsSpan(0, _length);
    }

    public NetlinkMessage Add(ushort type, uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        MemoryMarshal.Write(bytes, value);
        return Add(type, bytes);
    }

    /// <summary>Adds a zero-terminated string.</summary>
    public NetlinkMessage Add(ushort type, string value) => Add(type, Encoding.UTF8.GetBytes(value + '\0'));

    /// <summary>Adds an address in wire order.</summary>
    public NetlinkMessage Add(ushort type, IpAddress address)
    {
        Span<byte> bytes = stackalloc byte[Ipv6Address.Length];
        return Add(type, bytes[..address.Write(bytes)]);
    }

    public NetlinkMessage Add(ushort type, ReadOnlySpan<byte> value)
    {
        Span<byte> attribute = _buffer.AsSpan(_length, AttributeHeaderLength + value.Length);
        MemoryMarshal.Write(attribute, (ushort)attribute.Length);
        MemoryMarshal.Write(attribute[2..], type);
        value.CopyTo(attribute[AttributeHeaderLength..]);
        _length += Align(attribute.Length);
        return this;
    }

    /// <summary>Adds whole attributes, each with its header and aligned.</summary>
    public NetlinkMessage AddRaw(ReadOnlySpan<byte> attributes)
    {
        attributes.CopyTo(_buffer.AsSpan(_length));
        _length += Align(attributes.Length);
        return this;
    }

    /// <summary>Adds a single byte.</summary>
    public NetlinkMessage Add(ushort type, byte value) => Add(type, [value]);

    /// <summary>Adds a hardware address.</summary>
    public NetlinkMessage Add(ushort type, MacAddress address)
    {
        Span<byte> bytes = stackalloc byte[MacAddress.Length];
        address.Write(bytes);
        return Add(type, bytes);
    }

    /// <summary>Begins an attribute that holds what is added until <see cref="EndNested"/>.</summary>
    /// <param name="type">Its type; the nested flag is added where the kernel wants it.</param>
    /// <param name="family">A fixed structure at its beginning, if it has one.</param>
    /// <returns>What <see cref="EndNested"/> asks for.</returns>
    public int BeginNested(ushort type, ReadOnlySpan<byte> family = default)
    {
        int start = _length;
        _ = Add((ushort)(type | RtNetlink.NLA_F_NESTED), family);
        return start;
    }

    /// <summary>Ends the attribute that <see cref="BeginNested"/> began.</summary>
    public void EndNested(int start) => MemoryMarshal.Write(_buffer.AsSpan(start), (ushort)(_length - start));

    /// <summary>Adds an attribute made of one nested attribute.</summary>
    public NetlinkMessage AddNested(ushort type, ushort innerType, uint value)
    {
        Span<byte> inner = stackalloc byte[AttributeHeaderLength + sizeof(uint)];
        MemoryMarshal.Write(inner, (ushort)inner.Length);
        MemoryMarshal.Write(inner[2..], innerType);
        MemoryMarshal.Write(inner[AttributeHeaderLength..], value);
        return Add((ushort)(type | RtNetlink.NLA_F_NESTED), inner);
    }

    internal static int Align(int length) => (length + 3) & ~3;
}
