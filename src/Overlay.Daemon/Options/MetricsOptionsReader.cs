namespace Overlay.Daemon.Options;

/// <summary>Reads section Metrics.</summary>
internal static class MetricsOptionsReader
{
    public static Uri? ReadOtlp(SectionReader metrics)
    {
        Uri? collector = metrics.Url(
            "Otlp", "http://127.0.0.1:4317",
            "A collector of OpenTelemetry that metrics are sent to each minute: by gRPC, or by HTTP where the URL has a "
            + "path such as /v1/metrics.");
        metrics.RefuseUnknown();
        return collector;
    }
}
