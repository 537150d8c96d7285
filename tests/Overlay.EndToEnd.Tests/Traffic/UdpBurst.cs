using System.Net;
using System.Net.Sockets;
using Overlay.Lab.Namespaces;

namespace Overlay.EndToEnd.Tests.Traffic;

/// <summary>
/// Datagrams that the sender hands to its kernel all at once (UDP_SEGMENT), and that have to arrive as so many.
/// </summary>
internal static class UdpBurst
{
    private const int SolUdp = 17;
    private const int UdpSegment = 103;

    /// <summary>
    /// Sends datagrams of one size and a last one of another; each must arrive by itself, unchanged and in order.
    /// </summary>
    public static void Check(
        NetworkNamespace from, NetworkNamespace to, IPAddress target, int size, int count, int last)
    {
        using Socket receiver = to.Invoke(
            () => new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5000 });
        receiver.Bind(new IPEndPoint(target, 0));
        using Socket sender = from.Invoke(() => new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
        sender.SetRawSocketOption(SolUdp, UdpSegment, BitConverter.GetBytes(size));
        byte[] data = new byte[(size * count) + last];
        Random.Shared.NextBytes(data);
        _ = sender.SendTo(data, receiver.LocalEndPoint!);

        byte[] buffer = new byte[65_536];
        foreach (byte[] datagram in data.Chunk(size))
        {
            int length = receiver.Receive(buffer);
            buffer.AsSpan(0, length).SequenceEqual(datagram)
                .ShouldBeTrue($"one of {count} of {size} bytes arrives at {target} as {length} others");
        }
    }
}
