using Overlay.Bench.Rig.Figures;
using Overlay.Bench.Rig.Workloads;

namespace Overlay.Bench.Rig.Report;

/// <summary>All runs of one metric, column and peer.</summary>
internal sealed class ResultSeries(Metric metric, string column, string peer)
{
    private readonly List<Sample> _samples = [];

    public Metric Metric => metric;

    public string Column => column;

    public string Peer => peer;

    public IReadOnlyList<Sample> Samples => _samples;

    public double Median => Statistics.Median(_samples.Select(sample => sample.Value));

    public double Cpu => Statistics.Median(_samples.Select(sample => sample.Cpu));

    public void Add(Sample sample) => _samples.Add(sample);

    /// <summary>
    /// The median of each run's ratio to the reference in the same run, so that what changes on the machine between
    /// runs falls out. Null without a run that has both.
    /// </summary>
    public double? RatioTo(ResultSeries? reference)
    {
        if (reference is null) return null;
        double[] ratios =
        [
            .. _samples.Join(
                reference._samples, own => own.Run, other => other.Run, (own, other) => own.Value / other.Value),
        ];
        return ratios.Length == 0 ? null : Statistics.Median(ratios);
    }
}
