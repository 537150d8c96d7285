using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using Overlay.Bench.Rig.Machine;

namespace Overlay.Bench.Rig.Traffic;

/// <summary>Reads datagrams as an application does, and counts them for a time that begins after a warm-up.</summary>
internal static class SinkProgram
{
    public const string Name = "rig-sink";

    private const int Batch = 64;
    private const int BufferSize = 2048;
    private const int ReceiveBuffer = 4 * 1024 * 1024;

    private static readonly TimeSpan _timeout = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    public static void Run(string[] values)
    {
        TrafficArguments arguments = new(values);
        (int payload, TimeSpan warmUp, TimeSpan duration) =
            (arguments.Number(0), arguments.Seconds(1), arguments.Seconds(2));
        using DatagramBatch batch = new(Batch, BufferSize);
        using Socket socket = new(arguments.Server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        byte[] size = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(size, ReceiveBuffer);
        socket.SetRawSocketOption(LibC.SocketLevel, LibC.ReceiveBufferForce, size);
        socket.ReceiveTimeout = (int)_timeout.TotalMilliseconds;
        socket.Bind(arguments.Server);
        TrafficProcess.SayReady();

        // The sender's start-up belongs to neither: the warm-up begins with the first datagram.
        if (Count(socket, batch, payload, _patience, untilFirst: true).Datagrams == 0)
        {
            throw new SocketException((int)SocketError.TimedOut);
        }

        Count(socket, batch, payload, warmUp);
        TrafficProcess.Report(Count(socket, batch, payload, duration));
    }

    private static SinkReport Count(
        Socket socket, DatagramBatch batch, int payload, TimeSpan duration, bool untilFirst = false)
    {
        long right = 0;
        long wrong = 0;
        CpuTime cpu = CpuTime.Now();
        Stopwatch watch = Stopwatch.StartNew();
        while (watch.Elapsed < duration && !(untilFirst && right > 0))
        {
            int received = LibC.Receive(socket.SafeHandle, batch.Messages, Batch);
            for (int i = 0; i < received; i++)
            {
                if (batch.Length(i) == payload) right++;
                else wrong++;
            }
        }

        double seconds = watch.Elapsed.TotalSeconds;
        return new SinkReport(right, wrong, seconds, (CpuTime.Now() - cpu).Busy);
    }
}
