using System.Diagnostics;
using Overlay.Bench.Rig.Figures;
using Overlay.Bench.Rig.Machine;
using Overlay.Bench.Rig.Peers;
using Overlay.Bench.Rig.Traffic;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.Bench.Rig.Workloads;

/// <summary>
/// A node's lease appears in the store: how long until the first packet of another node's pod arrives in its pod.
/// </summary>
/// <remarks>
/// The time begins right before the write, so it contains what the store takes for it; CPU time contains the probe's.
/// </remarks>
internal sealed class Convergence(string name) : IWorkload
{
    private const int FewestSamples = 20;

    // Code compiled at first use: a daemon runs for months, so this is not counted.
    private const int WarmUps = 5;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    private readonly Metric _median = new(name, "ms p50", "ms/change", LowerIsBetter: true);
    private readonly Metric _worst = new(name, "ms worst", "ms/change", LowerIsBetter: true);

    public string Name => name;

    public IReadOnlyList<Measurement> Measure(IPeer peer, Pod from, Pod to, TimeSpan duration)
    {
        StorePeer node = peer as StorePeer ?? throw new ArgumentException($"{peer.Name} has no store", nameof(peer));
        using Probe probe = Probe.Between(from, to);
        for (int i = 0; i < WarmUps; i++) _ = Change(node, probe);

        List<double> milliseconds = [];
        CpuTime start = CpuTime.Now();
        Stopwatch watch = Stopwatch.StartNew();
        while (milliseconds.Count < FewestSamples || watch.Elapsed < duration)
        {
            milliseconds.Add(Change(node, probe).TotalMilliseconds);
        }

        return Measurements(milliseconds, (CpuTime.Now() - start).Busy);
    }

    internal IReadOnlyList<Measurement> Measurements(IReadOnlyList<double> milliseconds, double cpuSeconds)
    {
        double cpu = cpuSeconds * 1000 / milliseconds.Count;
        return
        [
            new Measurement(_median, Statistics.Median(milliseconds), cpu, $"{milliseconds.Count} changes"),
            new Measurement(_worst, milliseconds.Max(), cpu),
        ];
    }

    private static TimeSpan Change(StorePeer node, Probe probe)
    {
        Interruption.Token.ThrowIfCancellationRequested();
        node.Withdraw();
        probe.WaitForSilence(_patience);
        return probe.TimeOf(node.Publish, _patience);
    }
}
