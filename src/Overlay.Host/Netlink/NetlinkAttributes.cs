using System.Runtime.InteropServices;
using System.Text;

namespace Overlay.Host.Netlink;

/// <summary>Walks the attributes behind a message's fixed structure; stops at the first that does not fit.</summary>
internal ref struct NetlinkAttributes(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>Attribute type without the nested and byte-order flags.</summary>
    public ushort Type { get; private set; }

    public ReadOnlySpan<byte> Value { get; private set; }

    public bool MoveNext()
    {
        if (_rest.Length < 4) return false;
        int length = MemoryMarshal.Read<ushort>(_rest);
        if (length < 4 || length > _rest.Length) return false;
        Type = (ushort)(MemoryMarshal.Read<ushort>(_rest[2..]) & RtNetlink.NLA_TYPE_MASK);
        Value = _rest[4..length];
        _rest = _rest[Math.Min(NetlinkMessage.Align(length), _rest.Length)..];
        return true;
    }

    public readonly uint ReadUInt32() => MemoryMarshal.Read<uint>(Value);

    /// <summary>A byte of its own; 0 where the kernel sent none.</summary>
    public readonly byte ReadByte() => Value.Length == 0 ? (byte)0 : Value[0];

    /// <summary>A zero-terminated string.</summary>
    public readonly string ReadString() => Encoding.UTF8.GetString(Value.TrimEnd((byte)0));
}
