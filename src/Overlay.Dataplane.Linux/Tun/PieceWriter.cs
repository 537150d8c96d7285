using System.Runtime.InteropServices;
using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Packets;
using Overlay.Host.Interop;

namespace Overlay.Dataplane.Linux.Tun;

/// <summary>One write to a TUN, gathered from pieces of a batch's memory.</summary>
internal sealed unsafe class PieceWriter(FileDescriptor tun, string name) : IDisposable
{
    private const int MaxPieces = 1024;

    private readonly Libc.IoVec* _pieces = (Libc.IoVec*)NativeMemory.AllocZeroed(MaxPieces, (nuint)sizeof(Libc.IoVec));
    private int _count;

    /// <summary>Where writes are counted.</summary>
    public SyscallCounters Calls { get; set; } = new();

    public void Add(PacketBatch batch, int offset, int length) => Add(Address(batch, offset), length);

    public void Add(byte* piece, int length) => _pieces[_count++] = new Libc.IoVec
    {
        Base = piece,
        Length = (nuint)length,
    };

    /// <summary>Writes the pieces as one packet, and forgets them.</summary>
    /// <exception cref="LinuxException">The device is gone.</exception>
    public DropReason Write()
    {
        int count = _count;
        _count = 0;
        while (TryWrite(count) < 0)
        {
            switch (Marshal.GetLastPInvokeError())
            {
                case Errno.EINTR: continue;
                case Errno.EIO: return DropReason.DevReady;
                case Errno.EAGAIN or Errno.ENOBUFS or Errno.ENOMEM: return DropReason.FullRing;
                case Errno.EINVAL: return DropReason.SkbGsoSeg;
                case Errno.EMSGSIZE: return DropReason.PktTooBig;
                default: throw LinuxException.Last("write", name);
            }
        }

        return DropReason.None;
    }

    private nint TryWrite(int count)
    {
        Calls.Add(Syscall.Write);
        return count == 1
            ? Libc.Write(tun, _pieces[0].Base, _pieces[0].Length)
            : Libc.WriteVector(tun, _pieces, count);
    }

    public void Dispose() => NativeMemory.Free(_pieces);

    /// <summary>Where the kernel finds a piece of a batch's memory, which is pinned.</summary>
    public static byte* Address(PacketBatch batch, int offset) =>
        (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(batch.Memory, offset);
}
