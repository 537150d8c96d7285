using System.Buffers.Binary;

namespace Overlay.Fuzzing.Targets;

/// <summary>An input, taken piece by piece; where it has ended there are zeros.</summary>
internal ref struct FuzzInput(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>All that has not been taken.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    public readonly bool IsEmpty => _rest.IsEmpty;

    /// <summary>The next byte.</summary>
    public byte Byte()
    {
        if (_rest.IsEmpty) return 0;
        byte value = _rest[0];
        _rest = _rest[1..];
        return value;
    }

    /// <summary>The next two bytes, little-endian.</summary>
    public ushort UInt16()
    {
        Span<byte> value = stackalloc byte[sizeof(ushort)];
        Bytes(value.Length).CopyTo(value);
        return BinaryPrimitives.ReadUInt16LittleEndian(value);
    }

    /// <summary>So many bytes, or as many as are left.</summary>
    public ReadOnlySpan<byte> Bytes(int length)
    {
        length = Math.Min(length, _rest.Length);
        ReadOnlySpan<byte> taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }

    /// <summary>The bytes up to that one, which is taken too; all that is left where there is none.</summary>
    public ReadOnlySpan<byte> Until(byte end)
    {
        int at = _rest.IndexOf(end);
        ReadOnlySpan<byte> taken = at < 0 ? _rest : _rest[..at];
        _rest = at < 0 ? default : _rest[(at + 1)..];
        return taken;
    }
}
