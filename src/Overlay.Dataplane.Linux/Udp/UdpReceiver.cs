using System.Runtime.InteropServices;
using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Packets;
using Overlay.Host.Interop;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Linux.Udp;

/// <summary>
/// The receiving socket of one underlay address: datagrams, or whole trains of them, with outer source and ECN, by
/// recvmmsg.
/// </summary>
internal sealed unsafe class UdpReceiver : IDisposable
{
    private const int MaxBatch = 64;

    // A buffer with more than this came by receive offload, and the next will too: a few of them are EnoughBytes.
    private const int Large = 8 * 1024;

    private readonly UdpSocket _socket;
    private readonly MessageBatch _messages = new(MaxBatch, MaxBatch);
    private int _wanted = MaxBatch;

    /// <summary>Takes a socket that is set up for it, and closes it in the end.</summary>
    public UdpReceiver(UdpSocket socket) => _socket = socket;

    /// <summary>Where receives are counted.</summary>
    public SyscallCounters Calls { get; set; } = new();

    public IpAddress Address => _socket.Address;

    public ushort Port => _socket.Port;

    public FileDescriptor Descriptor => _socket.Descriptor;

    /// <inheritdoc cref="UdpSocket.ReadDrops"/>
    public uint ReadDrops() => _socket.ReadDrops();

    /// <inheritdoc cref="UdpSocket.ReadQueuedBytes"/>
    public uint ReadQueuedBytes() => _socket.ReadQueuedBytes();

    /// <summary>The kernel joins no more datagrams into trains.</summary>
    public void StopJoining() => _ = _socket.TrySet(Libc.SOL_UDP, Libc.UDP_GRO, 0);

    /// <param name="address">One of this host's.</param>
    /// <param name="port">VXLAN port.</param>
    /// <param name="joins">Have the kernel join datagrams into trains (UDP_GRO) where it can.</param>
    /// <param name="beside">Another receiver of this address and port that takes some of the flows, or null.</param>
    /// <exception cref="LinuxException">The address is not this host's, or the port is taken.</exception>
    public static UdpReceiver Bind(IpAddress address, ushort port, bool joins, UdpReceiver? beside)
    {
        // Only the first receiver's bind shows whether another process has the port: so it alone binds without
        // SO_REUSEPORT.
        beside?._socket.Set(Libc.SOL_SOCKET, Libc.SO_REUSEPORT, 1, "SO_REUSEPORT");
        UdpSocket socket = UdpSocket.Bind(address, port, isShared: beside is not null);
        try
        {
            socket.Set(Libc.SOL_SOCKET, Libc.SO_RCVBUFFORCE, UdpSockets.BufferBytes, "SO_RCVBUFFORCE");
            if (address.Family == IpFamily.IPv4) socket.Set(Libc.SOL_IP, Libc.IP_RECVTOS, 1, "IP_RECVTOS");
            else socket.Set(Libc.SOL_IPV6, Libc.IPV6_RECVTCLASS, 1, "IPV6_RECVTCLASS");

            // Kernels before 5.12 take the option and garble trains; they cannot read it back.
            if (joins && !socket.TrySet(Libc.SOL_UDP, Libc.UDP_GRO, 1))
                _ = socket.TrySet(Libc.SOL_UDP, Libc.UDP_GRO, 0);
            return new UdpReceiver(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Takes what is there, without waiting, into the free buffers of the batch.</summary>
    /// <exception cref="LinuxException">The socket is unusable.</exception>
    public void Receive(PacketBatch batch)
    {
        int free = Math.Min(batch.Capacity - batch.ReceivedCount, _wanted);
        _messages.Clear();
        for (int i = 0; i < free; i++)
        {
            byte* buffer = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(
                batch.Memory, PacketBatch.StartOf(batch.ReceivedCount + i));
            _messages.AddReceive(buffer, PacketBatch.BufferSize - PacketBatch.Headroom);
        }

        Calls.Add(Syscall.Recvmmsg);
        int count = Libc.ReceiveMessages(_socket.Descriptor, _messages.Messages, (uint)free, Libc.MSG_DONTWAIT, null);
        if (count < 0)
        {
            if (Marshal.GetLastPInvokeError() is Errno.EAGAIN or Errno.EINTR) return;
            throw LinuxException.Last("recvmmsg", $"{_socket.Address} port {_socket.Port}/udp");
        }

        _wanted = MaxBatch;
        for (int i = 0; i < count; i++)
        {
            ref ReceivedBuffer received = ref batch.AddReceived();
            received.Length = (int)_messages.Messages[i].Length;
            received.OuterSource = _messages.Source(i);
            _messages.ReadControl(i, out received.OuterEcn, out received.SegmentSize);
            if (received.Length > Large) _wanted = PacketBatch.EnoughBytes / PacketBatch.BufferSize;
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        _messages.Dispose();
    }
}
