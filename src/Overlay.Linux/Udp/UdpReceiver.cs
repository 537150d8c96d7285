using System.Runtime.InteropServices;
using Overlay.Dataplane;
using Overlay.Wire;

namespace Overlay.Linux;

/// <summary>The receiving socket of one underlay address: datagrams with their outer source and ECN, by recvmmsg.</summary>
internal sealed unsafe class UdpReceiver : IDisposable
{
    private const int MaxBatch = 64;

    private readonly UdpSocket _socket;
    private readonly MessageBatch _messages = new(MaxBatch);

    /// <exception cref="LinuxException">The address is not this host's, or the port is taken.</exception>
    public UdpReceiver(IpAddress address, ushort port)
    {
        _socket = UdpSocket.Bind(address, port);
        _socket.Set(Libc.SOL_SOCKET, Libc.SO_RCVBUFFORCE, UdpUnderlay.BufferBytes, "SO_RCVBUFFORCE");
        if (address.Family == IpFamily.IPv4) _socket.Set(Libc.SOL_IP, Libc.IP_RECVTOS, 1, "IP_RECVTOS");
        else _socket.Set(Libc.SOL_IPV6, Libc.IPV6_RECVTCLASS, 1, "IPV6_RECVTCLASS");
    }

    public FileDescriptor Descriptor => _socket.Descriptor;

    /// <summary>Takes what is there, without waiting, into the free slots of the batch.</summary>
    /// <exception cref="LinuxException">The socket is unusable.</exception>
    public void Receive(PacketBatch batch)
    {
        int free = Math.Min(batch.Capacity - batch.Count, MaxBatch);
        for (int i = 0; i < free; i++)
        {
            byte* buffer = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(
                batch.Memory, PacketBatch.StartOf(batch.Count + i) + PacketBatch.Headroom);
            _messages.PrepareReceive(i, buffer, PacketBatch.SlotSize - PacketBatch.Headroom);
        }

        int received = Libc.ReceiveMessages(_socket.Descriptor, _messages.Messages, (uint)free, Libc.MSG_DONTWAIT, null);
        if (received < 0)
        {
            if (Marshal.GetLastPInvokeError() is Errno.EAGAIN or Errno.EINTR) return;
            throw LinuxException.Last("recvmmsg", $"{_socket.Address} port {_socket.Port}/udp");
        }

        for (int i = 0; i < received; i++)
        {
            ref PacketSlot slot = ref batch[batch.Count++];
            slot.Offset = PacketBatch.Headroom;
            slot.Length = (int)_messages.Messages[i].Length;
            slot.OuterSource = _messages.Source(i);
            slot.OuterEcn = _messages.ReceivedEcn(i);
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        _messages.Dispose();
    }
}
