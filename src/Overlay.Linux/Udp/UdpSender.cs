using System.Runtime.InteropServices;
using Overlay.Dataplane;
using Overlay.Wire;

namespace Overlay.Linux;

/// <summary>Sends the datagrams of a batch by sendmmsg, each from the source port its flow has.</summary>
internal sealed unsafe class UdpSender : IDisposable
{
    private readonly ushort _port;
    private readonly SourcePortPool? _ipv4;
    private readonly SourcePortPool? _ipv6;

    // By message: the socket it leaves from and the slot it came from. Grows to the batch once.
    private MessageBatch _messages = new(0);
    private UdpSocket[] _sockets = [];
    private int[] _slots = [];

    /// <param name="ipv4">Our IPv4 underlay address, or null.</param>
    /// <param name="ipv6">Our IPv6 underlay address, or null.</param>
    /// <param name="port">The peers' VXLAN port.</param>
    /// <exception cref="LinuxException">An address is not this host's, or no port is free.</exception>
    public UdpSender(Ipv4Address? ipv4, Ipv6Address? ipv6, ushort port)
    {
        _port = port;
        if (ipv4 is { } address4) _ipv4 = new SourcePortPool(address4);
        if (ipv6 is { } address6) _ipv6 = new SourcePortPool(address6);
    }

    /// <inheritdoc cref="IUnderlay.Send"/>
    public void Send(PacketBatch batch)
    {
        if (_slots.Length < batch.Capacity) Grow(batch.Capacity);
        int count = Prepare(batch);

        // A flow keeps its socket, so its packets stay in order however the runs fall.
        for (int start = 0; start < count;)
        {
            int end = start + 1;
            while (end < count && ReferenceEquals(_sockets[end], _sockets[start])) end++;
            SendRun(batch, start, end);
            start = end;
        }
    }

    public void Dispose()
    {
        _ipv4?.Dispose();
        _ipv6?.Dispose();
        _messages.Dispose();
    }

    private void Grow(int capacity)
    {
        _messages.Dispose();
        _messages = new MessageBatch(capacity);
        _sockets = new UdpSocket[capacity];
        _slots = new int[capacity];
    }

    private int Prepare(PacketBatch batch)
    {
        int count = 0;
        for (int i = 0; i < batch.Count; i++)
        {
            ref PacketSlot slot = ref batch[i];
            if (slot.Verdict != DropReason.None) continue;
            IpAddress to = slot.Remote!.Address;
            SourcePortPool? pool = to.Family == IpFamily.IPv4 ? _ipv4 : _ipv6;
            if (pool is null)
            {
                slot.Verdict = DropReason.UnderlayUnreachable;
                continue;
            }

            byte* datagram = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(batch.Memory, PacketBatch.StartOf(i) + slot.Offset);
            _messages.PrepareSend(count, datagram, slot.Length, to, _port, slot.OuterEcn);
            _sockets[count] = pool.For(slot.FlowHash);
            _slots[count] = i;
            count++;
        }

        return count;
    }

    private void SendRun(PacketBatch batch, int start, int end)
    {
        UdpSocket socket = _sockets[start];
        while (start < end)
        {
            int sent = Libc.SendMessages(socket.Descriptor, _messages.Messages + start, (uint)(end - start), 0);
            if (sent > 0)
            {
                start += sent;
                continue;
            }

            // The error is the first message's; those behind it get their own try.
            int errno = Marshal.GetLastPInvokeError();
            if (errno == Errno.EINTR) continue;
            batch[_slots[start]].Verdict = errno switch
            {
                Errno.EBADF or Errno.ENOTSOCK => throw LinuxException.Last("sendmmsg", $"{socket.Address} port {socket.Port}/udp"),
                Errno.EAGAIN or Errno.ENOBUFS or Errno.ENOMEM => DropReason.FullRing,
                Errno.EMSGSIZE => DropReason.PktTooBig,
                _ => DropReason.UnderlayUnreachable,
            };
            start++;
        }
    }
}
