using System.Net;
using System.Net.Sockets;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Probes;

/// <summary>UDP sockets that are bound to an inner address and send no packet in fragments.</summary>
internal static class ProbeSocket
{
    // ip(7), ipv6(7): with "probe" the kernel sets DF and heeds the device's MTU alone, whatever it knows of the path.
    private const int IpLevel = 0;
    private const int IpMtuDiscover = 10;
    private const int Ipv6Level = 41;
    private const int Ipv6MtuDiscover = 23;
    private const int Probe = 3;
    private const int SocketLevel = 1;
    private const int ReusePort = 15;

    /// <param name="address">An inner address of this node.</param>
    /// <param name="port">The port, or 0 for any that is free.</param>
    /// <exception cref="SocketException">The device does not have the address, or the port is taken.</exception>
    public static Socket Bind(IpAddress address, ushort port)
    {
        bool isIpv4 = address.Family == IpFamily.IPv4;
        Socket socket = new(
            isIpv4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.SetRawSocketOption(
                isIpv4 ? IpLevel : Ipv6Level, isIpv4 ? IpMtuDiscover : Ipv6MtuDiscover, BitConverter.GetBytes(Probe));

            // Two daemons of one user answer beside each other while one takes over from the other.
            if (port > 0) socket.SetRawSocketOption(SocketLevel, ReusePort, BitConverter.GetBytes(1));
            socket.Bind(EndOf(address, port));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>An address and a port as sockets have them.</summary>
    public static IPEndPoint EndOf(IpAddress address, int port) => new(address.ToIPAddress(), port);

    /// <summary>The address of a socket's end.</summary>
    public static IpAddress AddressOf(EndPoint end) => IpAddress.Of(((IPEndPoint)end).Address);
}
