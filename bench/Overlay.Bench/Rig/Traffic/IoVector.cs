using System.Runtime.InteropServices;

namespace Overlay.Bench.Rig.Traffic;

/// <summary>struct iovec: one buffer.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct IoVector
{
    public IntPtr Base;
    public nint Length;
}
