using System.Net;
using System.Net.Sockets;
using Overlay.Lab;

namespace Overlay.EndToEnd.Tests;

/// <summary>Connects, and says as whom the far end sees it.</summary>
internal static class SeenSource
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    /// <summary>The source of a TCP connection from one namespace to an address of another, as that other sees it.</summary>
    public static IPAddress Of(NetworkNamespace from, NetworkNamespace to, IPAddress address)
    {
        using Socket listener = to.Invoke(() =>
        {
            Socket made = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            made.Bind(new IPEndPoint(address, 0));
            made.Listen();
            return made;
        });
        using Socket client = from.Invoke(() => new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
        client.ConnectAsync(listener.LocalEndPoint!).WaitAsync(_patience).GetAwaiter().GetResult();
        using Socket accepted = listener.AcceptAsync().WaitAsync(_patience).GetAwaiter().GetResult();
        return ((IPEndPoint)accepted.RemoteEndPoint!).Address;
    }
}
