namespace Overlay.Daemon.Options;

/// <summary>Reads section Metrics.</summary>
internal static class MetricsOptionsReader
{
    public static MetricsOptions Read(SectionReader metrics)
    {
        Uri? collector = metrics.Url(
            "Otlp", "http://127.0.0.1:4317",
            "A collector of OpenTelemetry that metrics are sent to each minute: by gRPC, or by HTTP where the URL has a "
            + "path such as /v1/metrics.");
        int probes = metrics.Integer(
            "ProbeSeconds", 60, 0, 3600,
            "The time between rounds of probes to 16 peers at most, which metrics have the results of; 0 for none while no "
            + "status page is open.");
        metrics.RefuseUnknown();
        return new MetricsOptions(collector, TimeSpan.FromSeconds(probes));
    }
}
