using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Overlay.Lab;
using Overlay.Lab.Namespaces;

namespace Overlay.EndToEnd.Tests.Integrity;

/// <summary>
/// One network device, of which every frame that comes in is read, and by which any frame is sent (packet(7)).
/// </summary>
internal sealed class PacketPort : IDisposable
{
    private const int SolPacket = 263;
    private const int Statistics = 6;
    private const int VirtioHeader = 15;
    private const int IgnoreOutgoing = 23;
    private const int SolSocket = 1;
    private const int SoRcvbufforce = 33;
    private const int ReceiveBuffer = 64 * 1024 * 1024;

    private readonly Socket _socket;

    /// <param name="inside">Where the device is.</param>
    /// <param name="device">Its name.</param>
    /// <param name="hasHeader">A struct virtio_net_hdr comes before each frame (PACKET_VNET_HDR).</param>
    public PacketPort(NetworkNamespace inside, string device, bool hasHeader = false)
    {
        int index = int.Parse(
            inside.Run("cat", $"/sys/class/net/{device}/ifindex").EnsureSuccess().Output, CultureInfo.InvariantCulture);

        // No protocol before it is bound: the socket would hear every device until then.
        _socket = inside.Invoke(static () => new Socket(AddressFamily.Packet, SocketType.Raw, 0));
        _socket.SetRawSocketOption(SolPacket, IgnoreOutgoing, BitConverter.GetBytes(1));
        _socket.SetRawSocketOption(SolSocket, SoRcvbufforce, BitConverter.GetBytes(ReceiveBuffer));
        if (hasHeader) _socket.SetRawSocketOption(SolPacket, VirtioHeader, BitConverter.GetBytes(1));
        _socket.Bind(new EveryFrameOf(index));
    }

    /// <summary>Waits for a frame; false where none comes within the time.</summary>
    public bool TryReceive(byte[] buffer, TimeSpan patience, out int length)
    {
        length = 0;
        if (!_socket.Poll(patience, SelectMode.SelectRead)) return false;
        length = _socket.Receive(buffer);
        return true;
    }

    /// <exception cref="SocketException">
    /// The device is down, or the frame too large for it: a relay may not lose it silently.
    /// </exception>
    public void Send(ReadOnlySpan<byte> frame) => _ = _socket.Send(frame);

    /// <exception cref="LabException">Frames were lost for want of room: what was counted is not all.</exception>
    public void ThrowIfFramesWereLost()
    {
        // struct tpacket_stats: packets, then drops; reading sets both to zero.
        byte[] statistics = new byte[8];
        _ = _socket.GetRawSocketOption(SolPacket, Statistics, statistics);
        if (BitConverter.ToUInt32(statistics, 4) is > 0 and uint drops)
            throw new LabException($"the relay has missed {drops} frames");
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>A struct sockaddr_ll: all protocols of the device with that index.</summary>
    private sealed class EveryFrameOf(int index) : EndPoint
    {
        private const int Size = 20;
        private const int ProtocolOffset = 2;
        private const int IndexOffset = 4;
        private const ushort AllProtocols = 3;

        public override AddressFamily AddressFamily => AddressFamily.Packet;

        public override SocketAddress Serialize()
        {
            SocketAddress address = new(AddressFamily, Size);
            address[ProtocolOffset + 1] = (byte)AllProtocols;
            for (int i = 0; i < sizeof(int); i++) address[IndexOffset + i] = (byte)(index >> (8 * i));
            return address;
        }
    }
}
