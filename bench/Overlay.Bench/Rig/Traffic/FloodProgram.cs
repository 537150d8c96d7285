using System.Diagnostics;
using System.Net.Sockets;

namespace Overlay.Bench.Rig.Traffic;

/// <summary>Sends datagrams of one length as fast as one thread can, for a time.</summary>
/// <remarks>In batches, but not as one super-packet (UDP_SEGMENT): each is a packet for whatever carries it.</remarks>
internal static class FloodProgram
{
    public const string Name = "rig-flood";

    private const int Batch = 64;

    public static void Run(string[] values)
    {
        TrafficArguments arguments = new(values);
        using DatagramBatch batch = new(Batch, arguments.Number(0));
        TimeSpan duration = arguments.Seconds(1);
        using Socket socket = new(arguments.Server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(arguments.Server);

        long sent = 0;
        Stopwatch watch = Stopwatch.StartNew();
        while (watch.Elapsed < duration) sent += LibC.Send(socket.SafeHandle, batch.Messages, Batch);
        TrafficProcess.Report(new FloodReport(sent, watch.Elapsed.TotalSeconds));
    }
}
