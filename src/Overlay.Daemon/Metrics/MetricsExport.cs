using System.Diagnostics.Metrics;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using Overlay.Daemon.Options;

namespace Overlay.Daemon.Metrics;

/// <summary>Exports the daemon's metrics: to whoever scrapes /metrics, and to a collector where one is named.</summary>
internal sealed partial class MetricsExport : IDisposable
{
    private const string Runtime = "System.Runtime";
    private const string Program = "overlayd";

    // A stop sends what a collector lacks yet, but does not wait long for one that hangs.
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(1);

    // The runtime has more, some of which come and go, and counters that fall: those of the thread pool.
    private static readonly HashSet<string> _ofRuntime = new(StringComparer.Ordinal)
    {
        "dotnet.gc.collections",
        "dotnet.gc.pause.time",
        "dotnet.gc.heap.total_allocated",
        "dotnet.gc.last_collection.heap.size",
        "dotnet.process.cpu.time",
        "dotnet.process.memory.working_set",
    };

    private readonly MeterProvider _provider;
    private readonly RequestDelegate _scrape;

    /// <param name="meter">The meter whose instruments are exported, beside the runtime's.</param>
    /// <param name="metrics">Has added its own to the meter.</param>
    /// <param name="options">The collector, and the node's name.</param>
    /// <param name="services">For the exporter's middleware, which asks for none.</param>
    public MetricsExport(DaemonMeter meter, DaemonMetrics metrics, OverlayOptions options, IServiceProvider services)
    {
        MeterProviderBuilder builder = Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(resource => resource.AddService(
                Program, serviceVersion: BuildVersion.Text, serviceInstanceId: options.NodeName))
            .AddMeter(meter.Meter.Name, Runtime)
            .AddView(instrument => View(instrument, meter, metrics.MostSeries))
            .AddPrometheusExporter(static prometheus =>
            {
                // Names and labels are those that dashboards have, and a scrape shows the moment it is made.
                (prometheus.ScopeInfoEnabled, prometheus.TargetInfoEnabled) = (false, false);
                prometheus.ScrapeResponseCacheDurationMilliseconds = 0;
            });
        if (options.MetricsOtlp is { } collector)
        {
            builder = builder.AddOtlpExporter(otlp =>
            {
                otlp.Endpoint = collector;
                otlp.Protocol = ProtocolOf(collector);
            });
        }

        _provider = builder.Build();
        _scrape = new ApplicationBuilder(services)
            .UseOpenTelemetryPrometheusScrapingEndpoint(_provider, static _ => true, null, null, null)
            .Build();
    }

    /// <summary>Answers a scrape, in the format that the client asks for.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        HttpResponse response = context.Response;
        Stream client = response.Body;
        using MemoryStream answer = new();

        // Some kilobytes, mostly for a client on this host: not worth a compression, and read here first.
        _ = context.Request.Headers.Remove("Accept-Encoding");
        response.Body = answer;
        try
        {
            await _scrape(context);
        }
        finally
        {
            response.Body = client;
        }

        // The exporter writes overlay_ready{}, and programs that search the text know overlay_ready.
        byte[] text = Encoding.UTF8.GetBytes(NoLabels().Replace(Encoding.UTF8.GetString(answer.ToArray()), "$1 "));
        response.ContentLength = text.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.BodyWriter.WriteAsync(text, context.RequestAborted);
    }

    /// <summary>Sends to the collector now, and waits for it.</summary>
    internal void Flush() => _ = _provider.ForceFlush();

    public void Dispose()
    {
        _ = _provider.Shutdown((int)_patience.TotalMilliseconds);
        _provider.Dispose();
    }

    [GeneratedRegex(@"^(\w+)\{\} ", RegexOptions.Multiline)]
    private static partial Regex NoLabels();

    // OTLP's own convention: gRPC has no path, and HTTP has one.
    private static OtlpExportProtocol ProtocolOf(Uri collector) =>
        collector.AbsolutePath == "/" ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;

    // The exporter keeps room for as many series as a metric may have: 2,000 where nobody says how many.
    private static MetricStreamConfiguration View(Instrument instrument, DaemonMeter meter, int mostSeries) =>
        ReferenceEquals(instrument.Meter, meter.Meter) || _ofRuntime.Contains(instrument.Name)
            ? new MetricStreamConfiguration { CardinalityLimit = mostSeries }
            : MetricStreamConfiguration.Drop;
}
