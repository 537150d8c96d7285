using System.Diagnostics;
using System.Net.Sockets;
using Overlay.Bench.Rig.Figures;
using Overlay.Bench.Rig.Machine;
using Overlay.Bench.Rig.Report;

namespace Overlay.Bench.Rig.Traffic;

/// <summary>Sends a byte, waits until it is back, and so on for a time that begins after a warm-up.</summary>
internal static class PingPongProgram
{
    public const string Name = "rig-pingpong";

    // Room for round trips of three microseconds: nothing grows, and nothing is collected, while it counts.
    private const int MostPerSecond = 350_000;

    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(5);

    public static void Run(string[] values)
    {
        TrafficArguments arguments = new(values);
        (TimeSpan warmUp, TimeSpan duration) = (arguments.Seconds(0), arguments.Seconds(1));
        using Socket socket = new(arguments.Server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.ReceiveTimeout = (int)_timeout.TotalMilliseconds;
        socket.Connect(arguments.Server);
        Tune(socket);

        long[] ticks = new long[(int)(MostPerSecond * Math.Max(warmUp.TotalSeconds, duration.TotalSeconds))];
        Play(socket, ticks, warmUp);
        CpuTime cpu = CpuTime.Now();
        int count = Play(socket, ticks, duration);
        double spent = (CpuTime.Now() - cpu).Busy;

        Array.Sort(ticks, 0, count);
        ReadOnlySpan<long> sorted = ticks.AsSpan(0, count);
        TrafficProcess.Report(new PingPongReport(count, Microseconds(sorted, 0.50), Microseconds(sorted, 0.99), spent));
    }

    /// <summary>Each byte at once, and no pacing by a congestion control that paces.</summary>
    public static void Tune(Socket socket)
    {
        socket.NoDelay = true;
        socket.SetRawSocketOption(LibC.TcpLevel, LibC.TcpCongestion, "cubic"u8);
    }

    private static int Play(Socket socket, long[] ticks, TimeSpan duration)
    {
        byte[] one = new byte[1];
        int count = 0;
        long start = Stopwatch.GetTimestamp();
        long end = start + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        for (long now = start; now < end && count < ticks.Length; count++)
        {
            socket.Send(one);
            if (socket.Receive(one) != 1) throw new SocketException((int)SocketError.ConnectionReset);
            long back = Stopwatch.GetTimestamp();
            ticks[count] = back - now;
            now = back;
        }

        return count;
    }

    private static double Microseconds(ReadOnlySpan<long> sorted, double quantile) =>
        Statistics.Quantile(sorted, quantile) * 1e6 / Stopwatch.Frequency;
}
