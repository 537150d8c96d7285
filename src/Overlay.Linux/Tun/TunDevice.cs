using System.Runtime.InteropServices;
using System.Text;
using Overlay.Dataplane;

namespace Overlay.Linux;

/// <summary>A layer-3 TUN device with a virtio-net header on every packet (Documentation/networking/tuntap.rst).</summary>
/// <remarks>
/// The header lets us say "checksum unfinished" and "super-packet" when writing. For reading only TUN_F_CSUM is
/// offered: the kernel then segments for us and may leave checksums to us. The device vanishes with its descriptor.
/// </remarks>
public sealed unsafe class TunDevice : ITunDevice, IDisposable
{
    private const nuint TUNSETIFF = 0x4004_54ca;
    private const nuint TUNSETOFFLOAD = 0x4004_54d0;
    private const nuint TUN_F_CSUM = 1;
    private const short IFF_TUN = 0x0001;
    private const short IFF_NO_PI = 0x1000;
    private const short IFF_VNET_HDR = 0x4000;
    private const int NameSize = 16;
    private const int IfReqSize = 40;

    private readonly FileDescriptor _tun;
    private readonly Interruption _interruption = new();

    private TunDevice(FileDescriptor tun, string name)
    {
        _tun = tun;
        Name = name;
    }

    public string Name { get; }

    /// <summary>Creates the device, down and without addresses.</summary>
    /// <param name="name">At most 15 bytes.</param>
    /// <exception cref="LinuxException">No /dev/net/tun, no CAP_NET_ADMIN, or the name is in use.</exception>
    public static TunDevice Create(string name)
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
        if (Libc.Ioctl(tun, TUNSETOFFLOAD, (void*)TUN_F_CSUM) < 0) throw Fail("ioctl TUNSETOFFLOAD");
        return new TunDevice(tun, name);

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
        batch.Count = 0;
        while (_interruption.AllowBatch())
        {
            while (batch.Count < batch.Capacity && TryRead(batch, batch.Count)) batch.Count++;
            if (batch.Count > 0) return true;
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
            if (slot.Verdict == DropReason.None) slot.Verdict = Write(batch, i, ref slot);
        }
    }

    /// <inheritdoc/>
    public void Interrupt() => _interruption.Set();

    public void Dispose()
    {
        _tun.Dispose();
        _interruption.Dispose();
    }

    private bool TryRead(PacketBatch batch, int index)
    {
        const int Start = PacketBatch.Headroom - VirtioNetHeader.Length;
        const int Room = PacketBatch.SlotSize - Start;
        while (true)
        {
            nint length = Libc.Read(_tun, Address(batch, index, Start), Room);
            if (length >= VirtioNetHeader.Length)
            {
                ref PacketSlot slot = ref batch[index];
                slot.Offload = VirtioNetHeader.Read(batch.Buffer(index)[Start..]);
                slot.Offset = PacketBatch.Headroom;
                slot.Length = (int)length - VirtioNetHeader.Length;
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

    private DropReason Write(PacketBatch batch, int index, ref PacketSlot slot)
    {
        int start = slot.Offset - VirtioNetHeader.Length;
        slot.Offload.Write(batch.Buffer(index)[start..]);
        while (Libc.Write(_tun, Address(batch, index, start), (nuint)(slot.Length + VirtioNetHeader.Length)) < 0)
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

    private static byte* Address(PacketBatch batch, int index, int offset) =>
        (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(batch.Memory, PacketBatch.StartOf(index) + offset);
}
