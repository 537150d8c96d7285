namespace Overlay.Daemon.Options;

/// <summary>Section Metrics.</summary>
/// <param name="Otlp">The collector that metrics are sent to by OTLP; null for none.</param>
/// <param name="ProbeInterval">The time between rounds of probes that nobody looks at; zero for none.</param>
internal sealed record MetricsOptions(Uri? Otlp, TimeSpan ProbeInterval);
