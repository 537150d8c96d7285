using System.Runtime.InteropServices;
using System.Text;
using Overlay.Dataplane;

namespace Overlay.Linux;

/// <summary>A layer-3 TUN device with a virtio-net header on every packet (Documentation/networking/tuntap.rst).</summary>
/// <remarks>
/// The header lets either side say "checksum unfinished" and "super-packet". The device vanishes with its descriptor.
/// </remarks>
public sealed unsafe class TunDevice : ITunDevice, IDisposable
{
    private const nuint TUNSETIFF = 0x4004_54ca;
    private const nuint TUNSETOFFLOAD = 0x4004_54d0;
    private const nuint TUN_F_CSUM = 0x01;
    private const nuint TUN_F_TSO4 = 0x02;
    private const nuint TUN_F_TSO6 = 0x04;
    private const nuint TUN_F_TSO_ECN = 0x08;
    private const nuint TUN_F_USO4 = 0x20;
    private const nuint TUN_F_USO6 = 0x40;
    private const short IFF_TUN = 0x0001;
    private const short IFF_NO_PI = 0x1000;
    private const short IFF_VNET_HDR = 0x4000;
    private const int NameSize = 16;
    private const int IfReqSize = 40;
    private const int MaxPieces = 1024;

    private readonly FileDescriptor _tun;
    private readonly Interruption _interruption = new();
    private readonly Libc.IoVec* _pieces = (Libc.IoVec*)NativeMemory.AllocZeroed(MaxPieces, (nuint)sizeof(Libc.IoVec));
    private bool _isDisposed;

    private TunDevice(FileDescriptor tun, string name, Offloads offloads)
    {
        _tun = tun;
        Name = name;
        Offloads = offloads;
    }

    public string Name { get; }

    /// <summary>What the kernel has of what was asked for.</summary>
    public Offloads Offloads { get; }

    /// <summary>Creates the device, down and without addresses.</summary>
    /// <param name="name">At most 15 bytes.</param>
    /// <param name="offloads">What to use of the TUN's, where the kernel has it.</param>
    /// <exception cref="LinuxException">No /dev/net/tun, no CAP_NET_ADMIN, or the name is in use.</exception>
    public static TunDevice Create(string name, Offloads offloads = Offloads.All)
    {
        FileDescriptor tun = new(Libc.Open("/dev/net/tun", Libc.O_RDWR | Libc.O_NONBLOCK | Libc.O_CLOEXEC));
        if (tun.IsInvalid) throw LinuxException.Last("open", "/dev/net/tun");

        byte* request = stackalloc byte[IfReqSize];
        Span<byte> bytes = new(request, IfReqSize);
        bytes.Clear();
        if (Encoding.UTF8.GetByteCount(name) >= NameSize) throw new ArgumentException($"a device name has at most 15 bytes: {name}", nameof(name));
        _ = Encoding.UTF8.GetBytes(name, bytes);
        *(short*)(request + NameSize) = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
        if (Libc.Ioctl(tun, TUNSETIFF, request) < 0) throw Fail("ioctl TUNSETIFF");
        if (!TrySetOffloads(tun, ref offloads)) throw Fail("ioctl TUNSETOFFLOAD");
        return new TunDevice(tun, name, offloads);

        LinuxException Fail(string call)
        {
            LinuxException failure = LinuxException.Last(call, name);
            tun.Dispose();
            return failure;
        }
    }

    /// <inheritdoc/>
    public bool Read(PacketBatch batch)
    {
        batch.Clear();
        while (_interruption.AllowBatch())
        {
            int bytes = 0;
            while (batch.ReceivedCount < batch.Capacity && bytes < PacketBatch.EnoughBytes && TryRead(batch, ref bytes))
            {
            }

            if (batch.ReceivedCount > 0) return true;
            if (_interruption.IsSet) return false;
            _interruption.WaitReadable(_tun);
        }

        return false;
    }

    /// <inheritdoc/>
    public void Write(PacketBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            ref PacketSlot slot = ref batch[i];
            if (slot.Verdict != DropReason.None || slot.IsAppended) continue;
            slot.Verdict = Write(batch, ref slot);
            if (slot.Verdict == DropReason.None) continue;
            for (int next = slot.Next; next != PacketSlot.None; next = batch[next].Next) batch[next].Verdict = slot.Verdict;
        }
    }

    /// <inheritdoc/>
    public void Interrupt() => _interruption.Set();

    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _tun.Dispose();
        _interruption.Dispose();
        NativeMemory.Free(_pieces);
    }

    private static bool TrySetOffloads(FileDescriptor tun, ref Offloads offloads)
    {
        nuint flags = TUN_F_CSUM;
        if (offloads.HasFlag(Offloads.TunTcp)) flags |= TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
        if (offloads.HasFlag(Offloads.TunUdp))
        {
            if (Libc.Ioctl(tun, TUNSETOFFLOAD, (void*)(flags | TUN_F_USO4 | TUN_F_USO6)) == 0) return true;
            offloads &= ~Offloads.TunUdp;
        }

        return Libc.Ioctl(tun, TUNSETOFFLOAD, (void*)flags) == 0;
    }

    private bool TryRead(PacketBatch batch, ref int bytes)
    {
        int start = PacketBatch.StartOf(batch.ReceivedCount) - VirtioNetHeader.Length;
        const int Room = PacketBatch.BufferSize - PacketBatch.Headroom + VirtioNetHeader.Length;
        while (true)
        {
            nint length = Libc.Read(_tun, Address(batch, start), Room);
            if (length >= VirtioNetHeader.Length)
            {
                ref ReceivedBuffer received = ref batch.AddReceived();
                received.Offload = VirtioNetHeader.Read(batch.Memory.AsSpan(start));
                received.Length = (int)length - VirtioNetHeader.Length;
                bytes += received.Length;
                return true;
            }

            if (length >= 0) throw new LinuxException("read (shorter than a virtio-net header)", Name, Errno.EIO);
            switch (Marshal.GetLastPInvokeError())
            {
                case Errno.EAGAIN: return false;
                case Errno.EINTR: continue;
                default: throw LinuxException.Last("read", Name);
            }
        }
    }

    private DropReason Write(PacketBatch batch, ref PacketSlot slot)
    {
        int start = slot.Offset - VirtioNetHeader.Length;
        slot.Offload.Write(batch.Memory.AsSpan(start));
        int length = slot.Length + VirtioNetHeader.Length;
        int pieces = 1;
        _pieces[0] = new Libc.IoVec { Base = Address(batch, start), Length = (nuint)length };
        for (int next = slot.Next; next != PacketSlot.None; next = batch[next].Next)
        {
            ref PacketSlot appended = ref batch[next];
            _pieces[pieces++] = new Libc.IoVec { Base = Address(batch, appended.PayloadOffset), Length = (nuint)appended.PayloadLength };
        }

        while ((pieces == 1 ? Libc.Write(_tun, _pieces[0].Base, (nuint)length) : Libc.WriteVector(_tun, _pieces, pieces)) < 0)
        {
            switch (Marshal.GetLastPInvokeError())
            {
                case Errno.EINTR: continue;
                case Errno.EIO: return DropReason.DevReady;
                case Errno.EAGAIN or Errno.ENOBUFS or Errno.ENOMEM: return DropReason.FullRing;
                case Errno.EINVAL: return DropReason.SkbGsoSeg;
                case Errno.EMSGSIZE: return DropReason.PktTooBig;
                default: throw LinuxException.Last("write", Name);
            }
        }

        return DropReason.None;
    }

    private static byte* Address(PacketBatch batch, int offset) =>
        (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(batch.Memory, offset);
}
