using System.Diagnostics.Metrics;

namespace Overlay.Daemon.Metrics;

/// <summary>The daemon's meter, and the instruments that parts of the daemon write to as things happen.</summary>
/// <remarks>Any thread may write. All other metrics are read from the parts: <see cref="DaemonMetrics"/>.</remarks>
internal sealed class DaemonMeter : IDisposable
{
    public const string Name = "Overlay";

    // Bounds from a small change, which takes some milliseconds, to a list of thousands of peers on a busy host.
    private static readonly InstrumentAdvice<double> _seconds = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    };

    // Times from before the first scrape; later ones wait for none.
    private const int MostEarly = 1000;

    private readonly Histogram<double> _convergence;
    private readonly Lock _gate = new();
    private List<TimeSpan>? _early = [];

    public DaemonMeter() => _convergence = Meter.CreateHistogram(
        "overlay_convergence_seconds", null,
        "Time from the arrival of a change of the store to the forwarding table that has it.", advice: _seconds);

    public Meter Meter { get; } = new(Name, BuildVersion.Text);

    /// <summary>A change of the store is in the forwarding table, so long after it arrived.</summary>
    public void Converged(TimeSpan time)
    {
        lock (_gate)
        {
            if (_early is null) _convergence.Record(time.TotalSeconds);
            else if (_early.Count < MostEarly) _early.Add(time);
        }
    }

    /// <summary>Somebody collects from now on: gives what was measured before, too.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            foreach (TimeSpan time in _early ?? []) _convergence.Record(time.TotalSeconds);
            _early = null;
        }
    }

    public void Dispose() => Meter.Dispose();
}
