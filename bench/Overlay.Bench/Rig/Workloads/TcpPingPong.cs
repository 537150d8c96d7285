using Overlay.Bench.Rig.Figures;
using Overlay.Bench.Rig.Peers;
using Overlay.Bench.Rig.Traffic;
using Overlay.Lab;
using Overlay.Lab.Topology;

namespace Overlay.Bench.Rig.Workloads;

/// <summary>One byte there and back over TCP, again and again: how long a round trip takes.</summary>
internal sealed class TcpPingPong(string name) : IWorkload
{
    private const int Port = 5003;

    private static readonly TimeSpan _warmUp = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    private readonly Metric _median = new(name, "us p50", "us/round trip", LowerIsBetter: true);
    private readonly Metric _tail = new(name, "us p99", "us/round trip", LowerIsBetter: true);

    public string Name => name;

    public IReadOnlyList<Measurement> Measure(IPeer peer, Pod from, Pod to, TimeSpan duration)
    {
        using TrafficProcess echo = TrafficProcess.Start(to, EchoProgram.Name, to.AddressV4!, Port);
        echo.WaitReady();
        using TrafficProcess pingPong = TrafficProcess.Start(
            from, PingPongProgram.Name, to.AddressV4!, Port, _warmUp.TotalSeconds, duration.TotalSeconds);
        PingPongReport report = pingPong.WaitForReport<PingPongReport>(_warmUp + duration + _patience);
        double cpu = report.CpuSeconds * 1e6 / report.RoundTrips;
        return
        [
            new Measurement(_median, report.MedianMicroseconds, cpu, $"{report.RoundTrips} round trips"),
            new Measurement(_tail, report.P99Microseconds, cpu),
        ];
    }
}
