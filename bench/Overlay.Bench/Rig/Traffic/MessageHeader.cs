using System.Runtime.InteropServices;

namespace Overlay.Bench.Rig.Traffic;

/// <summary>struct mmsghdr of 64-bit Linux: a message, and how many bytes of it were transferred.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MessageHeader
{
    public IntPtr Name;
    public uint NameLength;
    public IntPtr Vectors;
    public nint VectorCount;
    public IntPtr Control;
    public nint ControlLength;
    public int Flags;

    // struct msghdr ends on a multiple of eight.
    public int Padding;
    public uint Transferred;
}
