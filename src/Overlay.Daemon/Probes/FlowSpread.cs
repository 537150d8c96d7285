using System.Net;
using System.Net.Sockets;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Probes;

/// <summary>Sockets whose flows differ in the bits of the flow hash that choose the outer source port.</summary>
internal static class FlowSpread
{
    // Random ports cover 16 places after 54 tries on average; a place that is missing after all these is no great loss.
    private const int MostTries = 400;

    /// <summary>Opens connected sockets, one a flow.</summary>
    /// <exception cref="SocketException">The device does not have the address, or no route leads there.</exception>
    public static IReadOnlyList<Socket> Open(IpAddress from, IpAddress to)
    {
        Dictionary<int, Socket> sockets = [];
        try
        {
            for (int tries = 0; sockets.Count < SourcePorts.Count && tries < MostTries; tries++)
            {
                Socket socket = ProbeSocket.Bind(from, 0);
                if (!sockets.TryAdd(PlaceOf(from, to, PortOf(socket)), socket)) socket.Dispose();
            }

            foreach (Socket socket in sockets.Values) socket.Connect(ProbeSocket.EndOf(to, ProbePacket.Port));
            return [.. sockets.OrderBy(static pair => pair.Key).Select(static pair => pair.Value)];
        }
        catch
        {
            foreach (Socket socket in sockets.Values) socket.Dispose();
            throw;
        }
    }

    /// <summary>The port that a bound socket has.</summary>
    public static int PortOf(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;

    /// <summary>The place of a flow among the outer source ports, by the hash that the workers use.</summary>
    public static int PlaceOf(IpAddress from, IpAddress to, int port)
    {
        Span<byte> packet = stackalloc byte[Ipv6Header.Length + UdpHeader.HeaderLength];
        int header = from.Family == IpFamily.IPv4 ? Ipv4Header.MinLength : Ipv6Header.Length;
        packet = packet[..(header + UdpHeader.HeaderLength)];
        if (from.Family == IpFamily.IPv4)
            Ipv4Header.Write(
                packet, 0, (ushort)packet.Length, 0, 0, 1, IpProtocol.Udp, from.ToIpv4(), to.ToIpv4());
        else Ipv6Header.Write(packet, 0, 0, UdpHeader.HeaderLength, IpProtocol.Udp, 1, from.ToIpv6(), to.ToIpv6());
        UdpHeader.Write(packet[header..], (ushort)port, ProbePacket.Port, UdpHeader.HeaderLength, 0);
        return InnerPacket.TryRead(packet, out InnerPacket inner) == DropReason.None
            ? SourcePorts.IndexOf(FlowHash.Of(inner))
            : 0;
    }
}
