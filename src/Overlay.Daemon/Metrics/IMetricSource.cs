namespace Overlay.Daemon.Metrics;

/// <summary>Adds instruments to <see cref="DaemonMeter"/> when it is made.</summary>
internal interface IMetricSource
{
    /// <summary>The most series that one of the instruments has.</summary>
    int MostSeries { get; }
}
