using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Overlay.Lab.Namespaces;

namespace Overlay.EndToEnd.Tests;

/// <summary>Connects, and says as whom the far end sees it.</summary>
internal static class SeenSource
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The source of a TCP connection from one namespace to an address of another, as that other sees it.
    /// </summary>
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

    /// <summary>
    /// The source of what one namespace sends by a device to a group, as a listener at a device of another sees it.
    /// </summary>
    public static IPAddress OfMulticast(
        NetworkNamespace from, string device, NetworkNamespace to, string listening, IPAddress group)
    {
        using Socket listener = to.Invoke(() =>
        {
            Socket made = new(group.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 200 };
            made.Bind(new IPEndPoint(group, 0));
            if (group.AddressFamily == AddressFamily.InterNetwork)
                made.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, new MulticastOption(
                    group, IndexOf(listening)));
            else
                made.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.AddMembership, new IPv6MulticastOption(
                    group, IndexOf(listening)));
            return made;
        });
        using Socket sender = from.Invoke(() =>
        {
            Socket made = new(group.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            if (group.AddressFamily == AddressFamily.InterNetwork)
                made.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface,
                    IPAddress.HostToNetworkOrder(IndexOf(device)));
            else made.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.MulticastInterface, IndexOf(device));
            made.SetSocketOption(group.AddressFamily == AddressFamily.InterNetwork
                ? SocketOptionLevel.IP
                : SocketOptionLevel.IPv6, SocketOptionName.MulticastTimeToLive, 8);
            return made;
        });

        // The first ones go while the group is still joined.
        EndPoint source = new IPEndPoint(group, 0);
        byte[] buffer = new byte[16];
        Waiting.For(() =>
        {
            _ = sender.SendTo([1], new IPEndPoint(group, ((IPEndPoint)listener.LocalEndPoint!).Port));
            try
            {
                return listener.ReceiveFrom(buffer, ref source) > 0;
            }
            catch (SocketException exception)
                when (exception.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
            {
                return false;
            }
        }, 20);
        return ((IPEndPoint)source).Address;
    }

    private static int IndexOf(string device)
    {
        IPInterfaceProperties properties = NetworkInterface.GetAllNetworkInterfaces()
            .Single(link => link.Name == device).GetIPProperties();
        return properties.GetIPv4Properties().Index;
    }
}
