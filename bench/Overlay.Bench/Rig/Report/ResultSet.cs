using Overlay.Bench.Rig.Figures;
using Overlay.Bench.Rig.Options;
using Overlay.Bench.Rig.Peers;
using Overlay.Bench.Rig.Workloads;

namespace Overlay.Bench.Rig.Report;

/// <summary>Everything measured, in the order in which it is shown: workload, column, peer.</summary>
internal sealed class ResultSet(RigOptions options)
{
    private readonly Dictionary<(Metric Metric, string Column, string Peer), ResultSeries> _series = [];

    public IReadOnlyList<ResultSeries> Series =>
    [
        .. _series.Values
            .OrderBy(series => Index(options.Workloads, series.Metric.Workload))
            .ThenBy(series => series.Metric.Unit, StringComparer.Ordinal)
            .ThenBy(series => Index(options.Columns, series.Column))
            .ThenBy(series => Index(options.Peers, series.Peer)),
    ];

    public void Add(int run, string column, string peer, Measurement measured)
    {
        (Metric, string, string) key = (measured.Metric, column, peer);
        if (!_series.TryGetValue(key, out ResultSeries? series))
        {
            _series[key] = series = new ResultSeries(measured.Metric, column, peer);
        }

        series.Add(new Sample(run, measured.Value, measured.Cpu));
    }

    /// <summary>How a series stands to the kernel's VXLAN; null if that was not measured.</summary>
    public double? Ratio(ResultSeries series) =>
        series.RatioTo(_series.GetValueOrDefault((series.Metric, series.Column, PeerCatalog.Reference)));

    private static int Index(IReadOnlyList<string> names, string name)
    {
        for (int i = 0; i < names.Count; i++)
        {
            if (names[i] == name) return i;
        }

        return names.Count;
    }
}
