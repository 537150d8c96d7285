using System.Runtime.InteropServices;
using System.Text;
using Overlay.Dataplane.Offload;
using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Ports;
using Overlay.Host.Interop;

namespace Overlay.Dataplane.Linux.Tun;

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
    private const short IFF_MULTI_QUEUE = 0x0100;
    private const short IFF_VNET_HDR = 0x4000;
    private const short IFF_TUN_EXCL = unchecked((short)0x8000);
    private const int NameSize = 16;
    private const int IfReqSize = 40;
    private const int MaxPieces = 1024;

    private readonly FileDescriptor _tun;
    private readonly Libc.IoVec* _pieces = (Libc.IoVec*)NativeMemory.AllocZeroed(MaxPieces, (nuint)sizeof(Libc.IoVec));

    // Asked for every packet: Enum.HasFlag allocates until the JIT has optimised its caller.
    private readonly int _headerLength;
    private bool _isDisposed;

    private TunDevice(FileDescriptor tun, string name, Offloads offloads)
    {
        _tun = tun;
        Name = name;
        Offloads = offloads;
        _headerLength = offloads.HasFlag(Offloads.TunHeader) ? VirtioNetHeader.Length : 0;
    }

    public string Name { get; }

    /// <summary>What the kernel has of what was asked for.</summary>
    public Offloads Offloads { get; }

    private bool HasHeader => _headerLength > 0;

    /// <summary>Creates the device, down and without addresses.</summary>
    /// <param name="name">At most 15 bytes.</param>
    /// <param name="offloads">What to use of the TUN's, where the kernel has it.</param>
    /// <exception cref="LinuxException">No /dev/net/tun, no CAP_NET_ADMIN, or the name is in use.</exception>
    public static TunDevice Create(string name, Offloads offloads = Offloads.All) => Open(name, offloads, IFF_TUN_EXCL);

    /// <summary>Creates a device with several queues: the kernel spreads flows over them, and each has a reader of its own.</summary>
    /// <param name="name">At most 15 bytes.</param>
    /// <param name="count">Queues, 1 or more.</param>
    /// <param name="offloads">What to use of the TUN's, where the kernel has it.</param>
    /// <exception cref="LinuxException">No /dev/net/tun, no CAP_NET_ADMIN, or the name is in use.</exception>
    public static IReadOnlyList<TunDevice> CreateQueues(string name, int count, Offloads offloads)
    {
        // Several queues make the kernel hash every packet, which one queue need not pay for.
        if (count == 1) return [Open(name, offloads, IFF_TUN_EXCL)];
        List<TunDevice> queues = [];
        try
        {
            // The first makes the device, and no other than ours is adopted; the rest join it.
            while (queues.Count < count) queues.Add(Open(name, offloads, (short)(IFF_MULTI_QUEUE | (queues.Count == 0 ? IFF_TUN_EXCL : 0))));
            return queues;
        }
        catch
        {
            foreach (TunDevice queue in queues) queue.Dispose();
            throw;
        }
    }

    internal FileDescriptor Descriptor => _tun;

    /// <inheritdoc/>
    public bool TryRead(PacketBatch batch)
    {
        batch.Clear();
        int bytes = 0;
        while (batch.ReceivedCount < batch.Capacity && bytes < PacketBatch.EnoughBytes && TryRead(batch, ref bytes))
        {
        }

        return batch.ReceivedCount > 0;
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

    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _tun.Dispose();
        NativeMemory.Free(_pieces);
    }

    private static TunDevice Open(string name, Offloads offloads, short flags)
    {
        FileDescriptor tun = new(Libc.Open("/dev/net/tun", Libc.O_RDWR | Libc.O_NONBLOCK | Libc.O_CLOEXEC));
        if (tun.IsInvalid) throw LinuxException.Last("open", "/dev/net/tun");

        byte* request = stackalloc byte[IfReqSize];
        Span<byte> bytes = new(request, IfReqSize);
        bytes.Clear();
        if (Encoding.UTF8.GetByteCount(name) >= NameSize) throw new ArgumentException($"a device name has at most 15 bytes: {name}", nameof(name));
        _ = Encoding.UTF8.GetBytes(name, bytes);
        if (offloads.HasFlag(Offloads.TunHeader)) flags |= IFF_VNET_HDR;
        else offloads &= ~(Offloads.TunTcp | Offloads.TunUdp);
        *(short*)(request + NameSize) = (short)(IFF_TUN | IFF_NO_PI | flags);
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

    private static bool TrySetOffloads(FileDescriptor tun, ref Offloads offloads)
    {
        if (!offloads.HasFlag(Offloads.TunHeader)) return true;
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
        int start = PacketBatch.StartOf(batch.ReceivedCount) - _headerLength;
        int room = PacketBatch.BufferSize - PacketBatch.Headroom + _headerLength;
        while (true)
        {
            nint length = Libc.Read(_tun, Address(batch, start), (nuint)room);
            if (length >= _headerLength)
            {
                ref ReceivedBuffer received = ref batch.AddReceived();
                received.Offload = HasHeader ? VirtioNetHeader.Read(batch.Memory.AsSpan(start)) : default;
                received.Length = (int)length - _headerLength;
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
        if (!HasHeader) return WriteWithoutHeader(batch, slot);
        int start = slot.Offset - VirtioNetHeader.Length;
        slot.Offload.Write(batch.Memory.AsSpan(start));
        int count = 0;
        AddPiece(batch, ref count, start, slot.Length + VirtioNetHeader.Length);
        for (int next = slot.Next; next != PacketSlot.None; next = batch[next].Next)
            AddPiece(batch, ref count, batch[next].PayloadOffset, batch[next].PayloadLength);
        return WritePieces(count);
    }

    // Nothing can be left to the kernel then: what a kernel VXLAN peer left to us is done here.
    private DropReason WriteWithoutHeader(PacketBatch batch, in PacketSlot slot)
    {
        Span<byte> packet = batch.Memory.AsSpan(slot.Offset, slot.Length);
        int count = 0;
        if (!slot.Offload.IsSuperPacket)
        {
            bool isLeftToUs = (slot.Offload.Flags & VirtioNetHeader.NeedsChecksum) != 0;
            if (isLeftToUs && !ChecksumCompletion.TryComplete(packet, slot.Offload)) return DropReason.SkbGsoSeg;
            AddPiece(batch, ref count, slot.Offset, slot.Length);
            return WritePieces(count);
        }

        if (!Segmenter.TryCreate(packet, slot.Offload, out Segmenter segmenter)) return DropReason.SkbGsoSeg;
        byte* header = stackalloc byte[Segmenter.MaxHeaderLength];
        DropReason verdict = DropReason.None;
        for (int i = 0; i < segmenter.Count; i++)
        {
            Span<byte> bytes = new(header, segmenter.HeaderLength);
            packet[..segmenter.HeaderLength].CopyTo(bytes);
            segmenter.WriteHeader(bytes, i, packet);
            _pieces[0] = new Libc.IoVec { Base = header, Length = (nuint)segmenter.HeaderLength };
            count = 1;
            AddPiece(batch, ref count, slot.Offset + segmenter.HeaderLength + (i * segmenter.SegmentSize), segmenter.PayloadLength(i));
            DropReason last = WritePieces(count);
            if (last != DropReason.None) verdict = last;
        }

        return verdict;
    }

    private void AddPiece(PacketBatch batch, ref int count, int offset, int length) =>
        _pieces[count++] = new Libc.IoVec { Base = Address(batch, offset), Length = (nuint)length };

    private DropReason WritePieces(int count)
    {
        while ((count == 1 ? Libc.Write(_tun, _pieces[0].Base, _pieces[0].Length) : Libc.WriteVector(_tun, _pieces, count)) < 0)
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
