using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Overlay.Lab.Topology;
using Overlay.Wire.Headers;

namespace Overlay.EndToEnd.Tests.Traffic;

/// <summary>Hears every IP packet that reaches a pod's own addresses, before the pod's kernel judges it.</summary>
internal sealed class PodTap : IDisposable
{
    // Of frames of one such type a packet socket gets those that come in, and not those that go out.
    private static readonly ushort[] _etherTypes = [EthernetHeader.Ipv4, EthernetHeader.Ipv6];

    private readonly BlockingCollection<byte[]> _heard = [];
    private readonly IPAddress[] _addresses;
    private readonly Socket[] _sockets;
    private readonly Task[] _readers;
    private volatile bool _isOver;

    public PodTap(Pod pod)
    {
        _addresses = [.. pod.Addresses];

        // Packets that the daemon has joined reach the pod as they were sent: a super-packet would be heard as one.
        _ = pod.Node.Run("ethtool", "-K", pod.HostDevice, "tso", "off", "tx-udp-segmentation", "off").EnsureSuccess();
        _sockets = [.. _etherTypes.Select(type => pod.Invoke(() => Open(type)))];
        _readers =
            [.. _sockets.Select(socket => Task.Factory.StartNew(() => Read(socket), TaskCreationOptions.LongRunning))];
    }

    /// <summary>How many packets are waiting to be taken.</summary>
    public int Count => _heard.Count;

    /// <summary>The next packet, waiting for it if need be.</summary>
    public byte[] Take() =>
        _heard.TryTake(out byte[]? packet, TimeSpan.FromSeconds(10))
            ? packet
            : throw new TimeoutException($"nothing reaches {_addresses[0]}");

    public void Dispose()
    {
        _isOver = true;
        Task.WaitAll(_readers);
        foreach (Socket socket in _sockets) socket.Dispose();
        _heard.Dispose();
    }

    private static Socket Open(ushort etherType)
    {
        // SOCK_DGRAM: packets without their link-layer header. AF_PACKET takes the type in network order.
        Socket socket = new(AddressFamily.Packet, SocketType.Dgram, (ProtocolType)(ushort)IPAddress.HostToNetworkOrder(
            (short)etherType))
        {
            ReceiveTimeout = 100,
            ReceiveBufferSize = 8 * 1024 * 1024,
        };
        return socket;
    }

    private void Read(Socket socket)
    {
        byte[] buffer = new byte[65_536];
        while (!_isOver)
        {
            int length = socket.Receive(buffer, SocketFlags.None, out SocketError error);
            if (error is SocketError.TimedOut or SocketError.WouldBlock) continue;
            if (error != SocketError.Success) throw new SocketException((int)error);
            byte[] packet = buffer[..length];
            if (IsForThePod(packet)) _heard.Add(packet);
        }
    }

    private bool IsForThePod(byte[] packet)
    {
        // Neighbour discovery comes from the link itself, which its untouched hop limit proves (RFC 4861 section 7.1).
        const byte Untouched = 255;
        if (Ipv6Header.TryParse(packet, out Ipv6Header ipv6))
            return ipv6.HopLimit != Untouched && _addresses.Contains(IPAddress.Parse(ipv6.Destination.ToString()));
        return !Ipv4Header.TryParse(packet, out Ipv4Header ipv4)
            || _addresses.Contains(IPAddress.Parse(ipv4.Destination.ToString()));
    }
}
