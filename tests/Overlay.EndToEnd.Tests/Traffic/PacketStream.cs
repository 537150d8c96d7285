using System.Net;
using System.Net.Sockets;
using Overlay.Lab;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Traffic;

/// <summary>Many small datagrams one way, no faster than they arrive.</summary>
internal static class PacketStream
{
    // Less than the shortest queue on the way holds, the TUN device's 500.
    private const int Window = 100;

    /// <summary>Sends until that many have arrived; those that a full queue costs are sent again.</summary>
    public static void Run(Pod from, Pod to, IPAddress target, int packets)
    {
        using Socket receiver = to.Invoke(() => Bound(target));
        using Socket sender = from.Invoke(() => new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
        sender.Connect(receiver.LocalEndPoint!);
        byte[] buffer = new byte[64];
        int silence = 0;
        for (int arrived = 0; arrived < packets;)
        {
            for (int i = 0; i < Window; i++) _ = sender.Send(buffer);
            for (int i = 0; i < Window; i++)
            {
                _ = receiver.Receive(buffer, SocketFlags.None, out SocketError error);
                if (error == SocketError.Success)
                {
                    arrived++;
                    silence = 0;
                    continue;
                }

                if (++silence == 50)
                    throw new LabException(
                        $"{arrived} of {packets} packets have reached {target}, and then none: {error}");
                break;
            }
        }
    }

    private static Socket Bound(IPAddress address)
    {
        Socket socket = new(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 100 };
        socket.Bind(new IPEndPoint(address, 0));
        return socket;
    }
}
