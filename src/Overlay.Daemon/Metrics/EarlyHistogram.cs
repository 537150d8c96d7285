using System.Diagnostics.Metrics;

namespace Overlay.Daemon.Metrics;

/// <summary>
/// A histogram of seconds whose first times are kept until somebody collects: nobody may for minutes, and a start is worth
/// a look.
/// </summary>
/// <remarks>Any thread may call.</remarks>
internal sealed class EarlyHistogram(Meter meter, string name, string meaning, double[] bounds)
{
    // Later times from before the first scrape wait for none.
    private const int MostEarly = 1000;

    private readonly Histogram<double> _histogram = meter.CreateHistogram(
        name, null, meaning, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });

    private readonly Lock _gate = new();
    private List<(double Seconds, KeyValuePair<string, object?>[] Labels)>? _early = [];

    public void Record(TimeSpan time, params KeyValuePair<string, object?>[] labels)
    {
        lock (_gate)
        {
            if (_early is null) _histogram.Record(time.TotalSeconds, labels);
            else if (_early.Count < MostEarly) _early.Add((time.TotalSeconds, labels));
        }
    }

    /// <summary>Somebody collects from now on: gives what was measured before, too.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            foreach ((double seconds, KeyValuePair<string, object?>[] labels) in _early ?? [])
                _histogram.Record(seconds, labels);
            _early = null;
        }
    }
}
