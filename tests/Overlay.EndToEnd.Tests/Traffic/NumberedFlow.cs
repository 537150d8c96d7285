using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Traffic;

/// <summary>One UDP flow in bursts of numbered datagrams, to see whether one overtakes another.</summary>
internal static class NumberedFlow
{
    // More than a batch of the workers, less than the shortest queue on the way holds.
    private const int Burst = 200;

    /// <summary>Sends bursts of datagrams of many sizes and returns their numbers as they arrive.</summary>
    public static IReadOnlyList<int> Run(Pod from, Pod to, IPAddress target, int bursts)
    {
        using Socket receiver = to.Invoke(() => new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
        receiver.Bind(new IPEndPoint(target, 0));
        receiver.ReceiveBufferSize = 8 * 1024 * 1024;
        receiver.ReceiveTimeout = 300;
        using Socket sender = from.Invoke(() => new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
        sender.Connect(receiver.LocalEndPoint!);

        List<int> arrived = [];
        byte[] datagram = new byte[1300];
        for (int burst = 0; burst < bursts; burst++)
        {
            for (int i = 0; i < Burst; i++)
            {
                // Runs of one size, which offloads put together, and then another.
                int number = (burst * Burst) + i;
                BinaryPrimitives.WriteInt32BigEndian(datagram, number);
                _ = sender.Send(datagram.AsSpan(0, 64 + (number / 7 % 9 * 128)));
            }

            while (arrived.Count < (burst + 1) * Burst)
            {
                _ = receiver.Receive(datagram, SocketFlags.None, out SocketError error);
                if (error != SocketError.Success) break;
                arrived.Add(BinaryPrimitives.ReadInt32BigEndian(datagram));
            }
        }

        return arrived;
    }
}
