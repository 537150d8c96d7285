using System.Runtime.InteropServices;
using Overlay.Dataplane.Egress;
using Overlay.Dataplane.Packets;
using Overlay.Host.Interop;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Linux.Udp;

/// <summary>Sends the packets of a batch by sendmmsg, each from the source port its flow has.</summary>
/// <remarks>
/// Packets of one size to one peer from one port leave in one message, which the kernel cuts up (UDP_SEGMENT): segments
/// of a super-packet, and small packets of whatever flows the burst brought. A port's packets are sent in the order
/// they came, so a flow's are.
/// </remarks>
internal sealed unsafe class UdpSender : IDisposable
{
    private const int MaxMessages = 64;
    private const int MaxPieces = 2048;
    private const int PoolCount = 2;

    private readonly ushort _port;
    private readonly SourcePortPool? _ipv4;
    private readonly SourcePortPool? _ipv6;
    private readonly MessageBatch _messages = new(MaxMessages, MaxPieces);
    private readonly MessageBatch _single = new(1, 2);

    // By message: the first slot of its run, and how many there are.
    private readonly (int First, int Count)[] _runs = new (int, int)[MaxMessages];

    // By source port: its slots in the order they came, chained.
    private readonly int[] _first = new int[PoolCount * SourcePortPool.Size];
    private readonly int[] _last = new int[PoolCount * SourcePortPool.Size];
    private readonly int[] _used = new int[PoolCount * SourcePortPool.Size];
    private int[] _next = [];
    private int _usedCount;

    /// <param name="ipv4">Our IPv4 underlay address, or null.</param>
    /// <param name="ipv6">Our IPv6 underlay address, or null.</param>
    /// <param name="port">The peers' VXLAN port.</param>
    /// <param name="maxSegments">Most datagrams the kernel cuts from one message; 1 = each is sent by itself.</param>
    /// <exception cref="LinuxException">An address is not this host's, or no port is free.</exception>
    public UdpSender(Ipv4Address? ipv4, Ipv6Address? ipv6, ushort port, int maxSegments)
    {
        _port = port;
        MaxSegments = maxSegments;
        Array.Fill(_first, PacketSlot.None);
        if (ipv4 is { } address4) _ipv4 = new SourcePortPool(address4);
        if (ipv6 is { } address6) _ipv6 = new SourcePortPool(address6);
    }

    /// <summary>Another sender from the same ports, for another thread.</summary>
    public UdpSender(UdpSender other)
    {
        _port = other._port;
        _ipv4 = other._ipv4;
        _ipv6 = other._ipv6;
        MaxSegments = other.MaxSegments;
        Array.Fill(_first, PacketSlot.None);
    }

    /// <summary>Most datagrams sent in one message; 1 once a device has refused to segment.</summary>
    public int MaxSegments { get; private set; }

    /// <inheritdoc cref="IUnderlay.Send"/>
    public void Send(PacketBatch batch)
    {
        Sort(batch);
        for (int i = 0; i < _usedCount; i++)
        {
            int port = _used[i];
            UdpSocket socket = (port < SourcePortPool.Size ? _ipv4 : _ipv6)!.For((uint)port);
            SendFrom(socket, batch, _first[port]);
            _first[port] = PacketSlot.None;
        }

        _usedCount = 0;
    }

    public void Dispose()
    {
        _ipv4?.Dispose();
        _ipv6?.Dispose();
        _messages.Dispose();
        _single.Dispose();
    }

    private void Sort(PacketBatch batch)
    {
        if (_next.Length < batch.Count) _next = new int[batch.SlotCapacity];
        for (int i = 0; i < batch.Count; i++)
        {
            ref PacketSlot slot = ref batch[i];
            if (slot.Verdict != DropReason.None) continue;
            bool isIpv4 = slot.Remote!.Address.Family == IpFamily.IPv4;
            if ((isIpv4 ? _ipv4 : _ipv6) is null)
            {
                slot.Verdict = DropReason.UnderlayUnreachable;
                continue;
            }

            int port = SourcePortPool.IndexOf(slot.FlowHash) + (isIpv4 ? 0 : SourcePortPool.Size);
            if (_first[port] == PacketSlot.None)
            {
                _first[port] = i;
                _used[_usedCount++] = port;
            }
            else _next[_last[port]] = i;

            _last[port] = i;
            _next[i] = PacketSlot.None;
        }
    }

    private void SendFrom(UdpSocket socket, PacketBatch batch, int slot)
    {
        _messages.Clear();
        while (slot != PacketSlot.None)
        {
            int count = RunLength(batch, slot, out int after);
            int size = batch[slot].TotalLength;

            // Evenly: two sends of 23 segments cost less than one of 44 and one of 2, and so does what the peer makes of them.
            int most = Math.Min(MaxSegments, UdpUnderlay.MaxDatagram / size);
            int messages = most > 1 ? (count + most - 1) / most : count;
            for (int left = messages; left > 0; left--)
            {
                int share = (count + left - 1) / left;
                if (!_messages.HasRoom(2 * share)) Flush(socket, batch);
                slot = Add(_messages, batch, slot, share);
                count -= share;
            }

            slot = after;
        }

        Flush(socket, batch);
    }

    // As many as can be one message: equal in all that a message has only one of; a shorter one can only be the last.
    private int RunLength(PacketBatch batch, int slot, out int after)
    {
        ref PacketSlot first = ref batch[slot];
        int count = 1;
        int size = first.TotalLength;
        int length = size;
        after = _next[slot];
        while (after != PacketSlot.None && length == size)
        {
            ref PacketSlot next = ref batch[after];
            length = next.TotalLength;
            if (length > size || next.OuterEcn != first.OuterEcn || !ReferenceEquals(next.Remote, first.Remote)) break;
            count++;
            after = _next[after];
        }

        return count;
    }

    private int Add(MessageBatch messages, PacketBatch batch, int slot, int count)
    {
        ref PacketSlot first = ref batch[slot];
        if (ReferenceEquals(messages, _messages)) _runs[messages.Count] = (slot, count);
        messages.AddSend(first.Remote!.Address, _port, first.OuterEcn, count > 1 ? first.TotalLength : 0);
        for (; count > 0; count--, slot = _next[slot])
        {
            ref PacketSlot packet = ref batch[slot];
            messages.AddPiece(Address(batch, packet.Offset), packet.Length);
            if (packet.PayloadLength > 0) messages.AddPiece(Address(batch, packet.PayloadOffset), packet.PayloadLength);
        }

        return slot;
    }

    private void Flush(UdpSocket socket, PacketBatch batch)
    {
        int start = 0;
        while (start < _messages.Count)
        {
            int sent = Libc.SendMessages(socket.Descriptor, _messages.Messages + start, (uint)(_messages.Count - start), 0);
            if (sent > 0)
            {
                start += sent;
                continue;
            }

            // The error is the first message's; those behind it get their own try.
            int errno = Marshal.GetLastPInvokeError();
            if (errno == Errno.EINTR) continue;
            (int slot, int count) = _runs[start++];
            if (count == 1) batch[slot].Verdict = VerdictOf(socket, errno);
            else SendSingly(socket, batch, slot, count, errno);
        }

        _messages.Clear();
    }

    // EIO: the device, or what stands before it, cannot segment, and never will. Else it was the path's MTU: single
    // datagrams are fragmented, a message to be segmented is refused.
    private void SendSingly(UdpSocket socket, PacketBatch batch, int slot, int count, int errno)
    {
        bool isRefused = errno is Errno.EIO or Errno.EINVAL or Errno.EMSGSIZE;
        if (errno == Errno.EIO) MaxSegments = 1;
        for (; count > 0; count--)
        {
            int next = _next[slot];
            _single.Clear();
            _ = Add(_single, batch, slot, 1);
            if (!isRefused) batch[slot].Verdict = VerdictOf(socket, errno);
            else batch[slot].Verdict = SendOne(socket);
            slot = next;
        }
    }

    private DropReason SendOne(UdpSocket socket)
    {
        while (Libc.SendMessages(socket.Descriptor, _single.Messages, 1, 0) < 1)
        {
            int errno = Marshal.GetLastPInvokeError();
            if (errno != Errno.EINTR) return VerdictOf(socket, errno);
        }

        return DropReason.None;
    }

    private static DropReason VerdictOf(UdpSocket socket, int errno) => errno switch
    {
        Errno.EBADF or Errno.ENOTSOCK => throw new LinuxException("sendmmsg", $"{socket.Address} port {socket.Port}/udp", errno),
        Errno.EAGAIN or Errno.ENOBUFS or Errno.ENOMEM => DropReason.FullRing,
        Errno.EMSGSIZE => DropReason.PktTooBig,
        _ => DropReason.UnderlayUnreachable,
    };

    private static byte* Address(PacketBatch batch, int offset) =>
        (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(batch.Memory, offset);
}
