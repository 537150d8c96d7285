using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Overlay.Dataplane.Ebpf.Loading;

/// <summary>
/// union bpf_attr, all zero at first. A kernel whose own is shorter takes it while the bytes beyond are zero.
/// </summary>
[InlineArray(Length)]
internal unsafe struct BpfAttributes
{
    /// <summary>Bytes: more than any command of <see cref="BpfCommand"/> has.</summary>
    public const int Length = 128;

    private byte _first;

    /// <summary>Writes four bytes in host byte order.</summary>
    public void Set(int offset, int value) => MemoryMarshal.Write(((Span<byte>)this)[offset..], value);

    /// <inheritdoc cref="Set(int, int)"/>
    public void Set(int offset, uint value) => MemoryMarshal.Write(((Span<byte>)this)[offset..], value);

    /// <summary>Writes eight bytes in host byte order.</summary>
    public void Set(int offset, ulong value) => MemoryMarshal.Write(((Span<byte>)this)[offset..], value);

    /// <summary>Writes a pointer as the kernel takes it from every program: eight bytes.</summary>
    public void SetPointer(int offset, void* value) => Set(offset, (ulong)value);

    /// <summary>Writes a name of at most 15 bytes of ASCII.</summary>
    public void SetName(int offset, string name)
    {
        for (int i = 0; i < name.Length && i < 15; i++) this[offset + i] = (byte)name[i];
    }

    /// <summary>Reads four bytes that the kernel has written.</summary>
    public readonly uint ReadUInt32(int offset) => MemoryMarshal.Read<uint>(((ReadOnlySpan<byte>)this)[offset..]);
}
