using System.Runtime.InteropServices;
using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Packets;
using Overlay.Host.Interop;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Linux.Udp;

/// <summary>Sends the packets of a batch by sendmmsg, each from the source port its flow has.</summary>
/// <remarks>
/// Packets of one size to one peer from one port leave in one message, which the kernel cuts up (UDP_SEGMENT): segments
/// of a super-packet, and small packets of whatever flows the burst brought. A port's packets are sent in the order
/// they came, so a flow's are. A peer to which the kernel refuses to cut gets each by itself.
/// </remarks>
internal sealed unsafe class UdpSender : IDisposable
{
    private const int MaxMessages = 64;
    private const int MaxPieces = 2048;
    private const int PoolCount = 2;

    // A socket whose buffer is full, as the underlay takes less than pods send, is waited for: that slows pods down, where a
    // drop makes them send again. What comes in waits as long, so it is milliseconds for a batch and no more.
    private const int MostWaits = 4;
    private const int WaitMilliseconds = 1;

    private readonly ushort _port;
    private readonly SourcePortPool? _ipv4;
    private readonly SourcePortPool? _ipv6;
    private readonly MessageBatch _messages = new(MaxMessages, MaxPieces);
    private readonly MessageBatch _single = new(1, 2);

    // By message: the first slot of its run, and how many there are.
    private readonly (int First, int Count)[] _runs = new (int, int)[MaxMessages];

    private readonly int _maxSegments;
    private int _waits;
    private readonly PortBuckets _buckets = new(PoolCount * SourcePorts.Count);

    /// <param name="ipv4">Source ports of our IPv4 underlay address, or null; lent.</param>
    /// <param name="ipv6">Source ports of our IPv6 underlay address, or null; lent.</param>
    /// <param name="port">The peers' VXLAN port.</param>
    /// <param name="maxSegments">Most datagrams the kernel cuts from one message; 1 = each is sent by itself.</param>
    public UdpSender(SourcePortPool? ipv4, SourcePortPool? ipv6, ushort port, int maxSegments)
    {
        _ipv4 = ipv4;
        _ipv6 = ipv6;
        _port = port;
        MaxSegments = _maxSegments = maxSegments;
    }

    /// <summary>Most datagrams sent in one message; 1 while whatever was tried last has refused to segment.</summary>
    public int MaxSegments { get; private set; }

    /// <summary>Where sends are counted.</summary>
    public SyscallCounters Calls { get; set; } = new();

    /// <summary>Peers to which the kernel has refused to cut messages.</summary>
    public SegmentRefusals Refusals { get; } = new(TimeProvider.System);

    /// <inheritdoc cref="IUnderlay.Send"/>
    public void Send(PacketBatch batch)
    {
        _waits = 0;
        Sort(batch);
        for (int i = 0; i < _buckets.Count; i++)
        {
            int first = _buckets.Take(i, out int port);
            UdpSocket socket = (port < SourcePorts.Count ? _ipv4 : _ipv6)!.For((uint)port);
            SendFrom(socket, batch, first);
        }

        _buckets.Clear();
    }

    /// <summary>Frees its own memory; the source ports stay open.</summary>
    public void Dispose()
    {
        _messages.Dispose();
        _single.Dispose();
    }

    private void Sort(PacketBatch batch)
    {
        _buckets.Reserve(batch.SlotCapacity);
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

            _buckets.Add(SourcePorts.IndexOf(slot.FlowHash) + (isIpv4 ? 0 : SourcePorts.Count), i);
        }
    }

    private void SendFrom(UdpSocket socket, PacketBatch batch, int slot)
    {
        _messages.Clear();
        while (slot != PacketSlot.None)
        {
            int count = RunLength(batch, slot, out int after);
            int size = batch[slot].TotalLength;

            // Evenly: two sends of 23 segments cost less than one of 44 and one of 2, and so does what the peer makes
            // of them.
            bool isWhole = !Refusals.IsEmpty && Refusals.Contains(batch[slot].Remote!.Address);
            int most = isWhole ? 1 : Math.Min(_maxSegments, UdpHeader.MaxPayload / size);
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
        after = _buckets.Next(slot);
        while (after != PacketSlot.None && length == size)
        {
            ref PacketSlot next = ref batch[after];
            length = next.TotalLength;
            if (length > size || next.OuterEcn != first.OuterEcn || !ReferenceEquals(next.Remote, first.Remote)) break;
            count++;
            after = _buckets.Next(after);
        }

        return count;
    }

    private int Add(MessageBatch messages, PacketBatch batch, int slot, int count)
    {
        ref PacketSlot first = ref batch[slot];
        if (ReferenceEquals(messages, _messages)) _runs[messages.Count] = (slot, count);
        messages.AddSend(first.Remote!.Address, _port, first.OuterEcn, count > 1 ? first.TotalLength : 0);
        for (; count > 0; count--, slot = _buckets.Next(slot))
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
        int repeated = -1;
        while (start < _messages.Count)
        {
            int sent = TrySend(socket, _messages, start);
            if (sent > 0)
            {
                if (!Refusals.IsEmpty) NoteCut(start, sent);
                start += sent;
                continue;
            }

            // The error is the first message's; those behind it get their own try.
            int errno = Marshal.GetLastPInvokeError();
            if (errno == Errno.EINTR || (errno == Errno.EAGAIN && TryWait(socket))) continue;
            if (repeated != start && MayBeAnothers(errno, _runs[start].Count))
            {
                repeated = start;
                continue;
            }

            (int slot, int count) = _runs[start++];
            if (count == 1) batch[slot].Verdict = VerdictOf(socket, errno);
            else SendSingly(socket, batch, slot, count, errno);
        }

        _messages.Clear();
    }

    // A kernel that refuses one peer cuts for the others.
    private void NoteCut(int start, int sent)
    {
        for (int i = start; i < start + sent; i++)
        {
            if (_runs[i].Count > 1) MaxSegments = _maxSegments;
        }
    }

    // EIO: the way to this peer cannot segment, its device or an IPsec policy. Else it was the path's MTU: single
    // datagrams are fragmented, a message to be segmented is refused.
    private void SendSingly(UdpSocket socket, PacketBatch batch, int slot, int count, int errno)
    {
        bool isRefused = errno is Errno.EIO or Errno.EINVAL or Errno.EMSGSIZE;
        if (errno == Errno.EIO)
        {
            Refusals.Add(batch[slot].Remote!.Address);
            MaxSegments = 1;
        }

        for (; count > 0; count--)
        {
            int next = _buckets.Next(slot);
            _single.Clear();
            _ = Add(_single, batch, slot, 1);
            if (!isRefused) batch[slot].Verdict = VerdictOf(socket, errno);
            else batch[slot].Verdict = SendOne(socket);
            slot = next;
        }
    }

    private DropReason SendOne(UdpSocket socket)
    {
        bool isRepeated = false;
        while (TrySend(socket, _single, 0) < 1)
        {
            int errno = Marshal.GetLastPInvokeError();
            if (errno == Errno.EINTR || (errno == Errno.EAGAIN && TryWait(socket))) continue;
            if (isRepeated || !MayBeAnothers(errno, 1)) return VerdictOf(socket, errno);
            isRepeated = true;
        }

        return DropReason.None;
    }

    private int TrySend(UdpSocket socket, MessageBatch messages, int start)
    {
        Calls.Add(Syscall.Sendmmsg);
        return Libc.SendMessages(
            socket.Descriptor, messages.Messages + start, (uint)(messages.Count - start), Libc.MSG_DONTWAIT);
    }

    // There may be room before the kernel says so: it does when half of the buffer is free.
    private bool TryWait(UdpSocket socket)
    {
        if (_waits == MostWaits) return false;
        _waits++;
        Calls.Add(Syscall.Poll);
        Libc.PollFd polled =
            new() { Descriptor = (int)socket.Descriptor.DangerousGetHandle(), Events = Libc.POLLOUT };
        _ = Libc.Poll(&polled, 1, WaitMilliseconds);
        return true;
    }

    // The kernel reports an ICMP error by failing the socket's next send, once: nothing was sent, and the datagram that
    // the error is about went to another peer, perhaps. Several datagrams that are too large are sent singly anyway.
    private static bool MayBeAnothers(int errno, int count) => errno switch
    {
        Errno.EBADF or Errno.ENOTSOCK or Errno.EAGAIN or Errno.ENOBUFS or Errno.ENOMEM => false,
        Errno.EIO or Errno.EINVAL => false,
        Errno.EMSGSIZE => count == 1,
        _ => true,
    };

    private static DropReason VerdictOf(UdpSocket socket, int errno) => errno switch
    {
        Errno.EBADF or Errno.ENOTSOCK =>
            throw new LinuxException("sendmmsg", $"{socket.Address} port {socket.Port}/udp", errno),
        Errno.ENOBUFS => DropReason.QdiscDrop,
        Errno.EAGAIN or Errno.ENOMEM => DropReason.FullRing,
        Errno.EMSGSIZE => DropReason.PktTooBig,
        _ => DropReason.UnderlayUnreachable,
    };

    private static byte* Address(PacketBatch batch, int offset) =>
        (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(batch.Memory, offset);
}
