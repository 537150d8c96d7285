using System.Runtime.InteropServices;
using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Ingress;
using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Ports;
using Overlay.Host.Interop;

namespace Overlay.Dataplane.Linux.Tun;

/// <summary>One queue of a layer-3 TUN device, as a rule with a virtio-net header on every packet.</summary>
/// <remarks>
/// The header lets either side say "checksum unfinished" and "super-packet". This object owns the queue's descriptor;
/// the device vanishes with the last one, unless it is kept, and leaves nothing in the kernel. What the kernel refuses
/// to take by its header is written again in packets that leave nothing to it. Packets are written by the queue itself, or
/// by a descriptor of the same device that belongs to another.
/// </remarks>
public sealed unsafe class TunDevice : ITunDevice, IDisposable
{
    private readonly FileDescriptor _tun;
    private readonly PieceWriter _writer;

    // Asked for every packet: Enum.HasFlag allocates until the JIT has optimised its caller.
    private readonly int _headerLength;
    private readonly Offloads _offloads;
    private readonly SuperPacketUse _tcp;
    private readonly SuperPacketUse _udp;
    private bool _isDisposed;

    private TunDevice(FileDescriptor tun, FileDescriptor writer, string name, Offloads offloads)
    {
        _tun = tun;
        _writer = new PieceWriter(writer, name);
        Name = name;
        _offloads = offloads;
        _tcp = new SuperPacketUse(Offloads.TunTcp, offloads.HasFlag(Offloads.TunTcp));
        _udp = new SuperPacketUse(Offloads.TunUdp, offloads.HasFlag(Offloads.TunUdp));
        _headerLength = offloads.HasFlag(Offloads.TunHeader) ? VirtioNetHeader.Length : 0;
    }

    public string Name { get; }

    /// <summary>Offloads asked for and granted, less those that the kernel has turned out to refuse.</summary>
    public Offloads Offloads => _offloads
        & ~((_tcp.IsOn ? Offloads.None : Offloads.TunTcp) | (_udp.IsOn ? Offloads.None : Offloads.TunUdp));

    /// <summary>
    /// Called by the worker, once for each of <see cref="Offloads.TunTcp"/> and <see cref="Offloads.TunUdp"/>, when the
    /// kernel has refused its super-packets so often that they are cut here from then on.
    /// </summary>
    public Action<Offloads>? Refused { get; set; }

    /// <summary>Where reads and writes are counted: the worker's own.</summary>
    public SyscallCounters Calls
    {
        get => _writer.Calls;
        set => _writer.Calls = value;
    }

    /// <inheritdoc/>
    public bool TakesTcpSuperPackets => _tcp.IsOn;

    /// <inheritdoc/>
    public bool TakesUdpSuperPackets => _udp.IsOn;

    /// <summary>
    /// The queue's descriptor, to be sent to another process, which adopts its own: packets queued meanwhile are there.
    /// </summary>
    public int Number => (int)_tun.DangerousGetHandle();

    internal FileDescriptor Descriptor => _tun;

    private bool HasHeader => _headerLength > 0;

    /// <summary>Creates the device, down and without addresses.</summary>
    /// <param name="name">At most 15 bytes.</param>
    /// <param name="offloads">What to use of the TUN's, where the kernel has it.</param>
    /// <exception cref="LinuxException">No /dev/net/tun, no CAP_NET_ADMIN, or the name is in use.</exception>
    public static TunDevice Create(string name, Offloads offloads = Offloads.All) =>
        Open(name, isFirst: true, hasMore: false, offloads, writer: null);

    /// <summary>
    /// Goes on with a queue that another process has opened: packets queued meanwhile are there.
    /// </summary>
    /// <param name="descriptor">The queue; owned by the new object, and closed if there is none.</param>
    /// <param name="offloads">
    /// As for <see cref="Create"/>, but for the header: that was settled when the device was made.
    /// </param>
    /// <exception cref="LinuxException">The descriptor is no TUN's.</exception>
    public static TunDevice Adopt(int descriptor, Offloads offloads = Offloads.All) =>
        Adopt(descriptor, offloads, writer: null);

    /// <summary>
    /// Has the device outlive its last descriptor, with addresses and routes, or not any more. Packets to a device
    /// without descriptors are dropped.
    /// </summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void Persist(bool isKept) => TunDescriptor.Persist(_tun, Name, isKept);

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
            if (!HasHeader) slot.Verdict = PlainPackets.Write(_writer, batch, slot, 0);
            else if (slot.Offload.IsSuperPacket) slot.Verdict = WriteSuperPacket(batch, i);
            else slot.Verdict = WriteWithHeader(batch, ref slot);
            if (slot.Verdict == DropReason.None) continue;
            for (int next = slot.Next; next != PacketSlot.None; next = batch[next].Next)
                batch[next].Verdict = slot.Verdict;
        }
    }

    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _tun.Dispose();
        _writer.Dispose();
    }

    internal static TunDevice Open(
        string name, bool isFirst, bool hasMore, Offloads offloads, FileDescriptor? writer)
    {
        FileDescriptor tun = TunDescriptor.Open(name, isFirst, hasMore, ref offloads);
        return new TunDevice(tun, writer ?? tun, name, offloads);
    }

    internal static TunDevice Adopt(int descriptor, Offloads offloads, FileDescriptor? writer)
    {
        FileDescriptor tun = TunDescriptor.Adopt(descriptor, out string name, ref offloads);
        return new TunDevice(tun, writer ?? tun, name, offloads);
    }

    private bool TryRead(PacketBatch batch, ref int bytes)
    {
        int start = PacketBatch.StartOf(batch.ReceivedCount) - _headerLength;
        int room = PacketBatch.BufferSize - PacketBatch.Headroom + _headerLength;
        while (true)
        {
            Calls.Add(Syscall.Read);
            nint length = Libc.Read(_tun, PieceWriter.Address(batch, start), (nuint)room);
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

    private DropReason WriteSuperPacket(PacketBatch batch, int index)
    {
        ref PacketSlot slot = ref batch[index];
        SuperPacketUse use = slot.Offload.GsoType == VirtioNetHeader.GsoUdpL4 ? _udp : _tcp;
        if (use.IsOn)
        {
            DropReason verdict = WriteWithHeader(batch, ref slot);
            if (verdict == DropReason.None) use.Taken();
            if (verdict != DropReason.SkbGsoSeg) return verdict;
            if (use.IsEndedByRefusal()) Refused?.Invoke(use.Offload);
        }

        if (slot.Next == PacketSlot.None) return PlainPackets.Write(_writer, batch, slot, _headerLength);

        // The rest of the chain comes later in the batch, and is written when it is its turn.
        Coalescer.Part(batch, index);
        return WriteWithHeader(batch, ref slot);
    }

    private DropReason WriteWithHeader(PacketBatch batch, ref PacketSlot slot)
    {
        int start = slot.Offset - VirtioNetHeader.Length;
        slot.Offload.Write(batch.Memory.AsSpan(start));
        _writer.Add(batch, start, slot.Length + VirtioNetHeader.Length);
        for (int next = slot.Next; next != PacketSlot.None; next = batch[next].Next)
            _writer.Add(batch, batch[next].PayloadOffset, batch[next].PayloadLength);
        return _writer.Write();
    }
}
