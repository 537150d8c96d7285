using System.Net;
using System.Net.Sockets;
using Overlay.Lab.Namespaces;

namespace Overlay.EndToEnd.Tests.Traffic;

/// <summary>UDP datagrams there and back, each compared byte for byte.</summary>
internal static class UdpExchange
{
    private static readonly int[] _sizes = [0, 1, 2, 17, 18, 512, 1000, 1199, 1200];

    /// <summary>Sends datagrams of several sizes; the far end sends each back; all must return unchanged.</summary>
    public static void Check(NetworkNamespace from, NetworkNamespace to, IPAddress target)
    {
        using Socket echo = to.Invoke(() => Bound(target));
        using Socket client = from.Invoke(() => new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
        client.Connect(echo.LocalEndPoint!);
        client.ReceiveTimeout = echo.ReceiveTimeout = 5000;

        byte[] buffer = new byte[2048];
        foreach (int size in _sizes)
        {
            byte[] payload = new byte[size];
            Random.Shared.NextBytes(payload);
            _ = client.Send(payload);

            EndPoint source = new IPEndPoint(
                target.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
            int there = echo.ReceiveFrom(buffer, ref source);
            buffer.AsSpan(0, there)
                .SequenceEqual(payload).ShouldBeTrue($"{size} bytes to {target} arrive as {there} others");
            _ = echo.SendTo(buffer.AsSpan(0, there), source);

            int back = client.Receive(buffer);
            buffer.AsSpan(0, back)
                .SequenceEqual(payload).ShouldBeTrue($"{size} bytes back from {target} arrive as {back} others");
        }
    }

    private static Socket Bound(IPAddress address)
    {
        Socket socket = new(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(address, 0));
        return socket;
    }
}
