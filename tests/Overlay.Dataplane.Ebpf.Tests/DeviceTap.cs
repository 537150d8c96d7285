using System.Net;
using System.Net.Sockets;
using Overlay.Host.Netlink;
using Overlay.Lab.Topology;

namespace Overlay.Dataplane.Ebpf.Tests;

/// <summary>Hears the packets that a device receives, without link header (packet(7)).</summary>
internal sealed class DeviceTap : IDisposable
{
    private const int SolPacket = 263;
    private const int IgnoreOutgoing = 23;

    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[1 << 17];

    public DeviceTap(Node node, string device, bool isWithLinkHeader = false)
    {
        LinkInfo link = node.Invoke(() => TierEnd.LinkOf(device));

        // No protocol before it is bound: the socket would hear every device until then.
        SocketType type = isWithLinkHeader ? SocketType.Raw : SocketType.Dgram;
        _socket = node.Invoke(() => new Socket(AddressFamily.Packet, type, 0));
        _socket.SetRawSocketOption(SolPacket, IgnoreOutgoing, BitConverter.GetBytes(1));
        _socket.ReceiveBufferSize = 1 << 22;
        _socket.Bind(new EveryPacketOf(link.Index));
    }

    /// <summary>The next packet that is meant; null where none comes within the time.</summary>
    public byte[]? Receive(TimeSpan patience, Predicate<byte[]>? isMeant = null)
    {
        long end = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        for (long left = 1; left > 0; left = end - Environment.TickCount64)
        {
            TimeSpan rest = TimeSpan.FromMilliseconds(Math.Max(0, end - Environment.TickCount64));
            if (!_socket.Poll(rest, SelectMode.SelectRead)) return null;
            byte[] packet = _buffer[.._socket.Receive(_buffer)];
            if (isMeant is null || isMeant(packet)) return packet;
        }

        return null;
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>A struct sockaddr_ll: all protocols of the device with that index.</summary>
    private sealed class EveryPacketOf(int index) : EndPoint
    {
        public override AddressFamily AddressFamily => AddressFamily.Packet;

        public override SocketAddress Serialize()
        {
            SocketAddress address = new(AddressFamily, 20);
            address[3] = 3;
            for (int i = 0; i < sizeof(int); i++) address[4 + i] = (byte)(index >> (8 * i));
            return address;
        }
    }
}
