using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using Overlay.Daemon.Options;

namespace Overlay.Daemon.Metrics;

/// <summary>Exports the daemon's metrics: to whoever scrapes /metrics, and to a collector where one is named.</summary>
internal sealed class MetricsExport : IDisposable
{
    private const string Runtime = "System.Runtime";
    private const string Http = "System.Net.Http";
    private const string Requests = "http.client.request.duration";
    private const string Program = "overlayd";
    private const int UsualSize = 16 * 1024;

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

    // Requests of this process: to the API server or etcd, and to the collector.
    private static readonly string[] _labelsOfRequests =
        ["server.address", "http.request.method", "http.response.status_code", "error.type"];

    private readonly Lazy<Pipeline> _pipeline;

    /// <param name="meter">The meter whose instruments are exported, beside the runtime's.</param>
    /// <param name="sources">Have added their instruments to the meter.</param>
    /// <param name="options">The collector, and the node's name.</param>
    /// <param name="services">For the exporter's middleware, which asks for none.</param>
    public MetricsExport(
        DaemonMeter meter, IEnumerable<IMetricSource> sources, OverlayOptions options, IServiceProvider services)
    {
        int mostSeries = sources.Max(static source => source.MostSeries);

        // OpenTelemetry costs 8 MB of memory by measurement, which a node that nobody scrapes need not have.
        _pipeline = new(() =>
        {
            Pipeline pipeline = Pipeline.Open(Views(meter, mostSeries), options, services);
            meter.Flush();
            return pipeline;
        });
        if (options.Metrics.Otlp is not null) _ = _pipeline.Value;
    }

    /// <summary>Answers a scrape, in the format that the client asks for.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        HttpResponse response = context.Response;
        Stream client = response.Body;
        using MemoryStream answer = new(UsualSize);

        // The text has some kilobytes and goes to a client on this host as a rule: compression is not worth it.
        _ = context.Request.Headers.Remove("Accept-Encoding");
        response.Body = answer;
        try
        {
            await _pipeline.Value.Scrape(context);
        }
        finally
        {
            response.Body = client;
        }

        Memory<byte> text = answer.GetBuffer().AsMemory(0, (int)answer.Length);
        text = text[..ExpositionText.RemoveEmptyBraces(text.Span)];
        response.ContentLength = text.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.BodyWriter.WriteAsync(text, context.RequestAborted);
    }

    /// <summary>Sends to the collector now, and waits for it.</summary>
    internal void Flush() => _ = _pipeline.Value.Provider.ForceFlush();

    public void Dispose()
    {
        if (_pipeline.IsValueCreated) _pipeline.Value.Dispose();
    }

    // The exporter keeps room for as many series as a metric may have: 2,000 where nobody says how many.
    private static Func<Instrument, MetricStreamConfiguration?> Views(DaemonMeter meter, int mostSeries) =>
        instrument => instrument.Name == Requests
            ? new MetricStreamConfiguration { TagKeys = _labelsOfRequests }
            : ReferenceEquals(instrument.Meter, meter.Meter) || _ofRuntime.Contains(instrument.Name)
                ? new MetricStreamConfiguration { CardinalityLimit = mostSeries }
                : MetricStreamConfiguration.Drop;

    /// <summary>OpenTelemetry's part: collects, and writes the text of a scrape.</summary>
    private sealed record Pipeline(MeterProvider Provider, RequestDelegate Scrape) : IDisposable
    {
        public static Pipeline Open(
            Func<Instrument, MetricStreamConfiguration?> views, OverlayOptions options, IServiceProvider services)
        {
            MeterProviderBuilder builder = Sdk.CreateMeterProviderBuilder()
                .ConfigureResource(resource => resource.AddService(
                    Program, serviceVersion: BuildVersion.Text, serviceInstanceId: options.NodeName))
                .AddMeter(DaemonMeter.Name, Runtime, Http)
                .AddView(views)
                .AddPrometheusExporter(static prometheus =>
                {
                    // Names and labels are those that dashboards have, and a scrape shows the moment it is made.
                    (prometheus.ScopeInfoEnabled, prometheus.TargetInfoEnabled) = (false, false);
                    prometheus.ScrapeResponseCacheDurationMilliseconds = 0;
                });
            if (options.Metrics.Otlp is { } collector) builder = Otlp.AddTo(builder, collector);
            MeterProvider provider = builder.Build();
            return new(provider, new ApplicationBuilder(services)
                .UseOpenTelemetryPrometheusScrapingEndpoint(provider, static _ => true, null, null, null)
                .Build());
        }

        public void Dispose()
        {
            _ = Provider.Shutdown((int)_patience.TotalMilliseconds);
            Provider.Dispose();
        }
    }

    /// <summary>The exporter to a collector, whose assembly is loaded where there is one.</summary>
    private static class Otlp
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        public static MeterProviderBuilder AddTo(MeterProviderBuilder builder, Uri collector) =>
            builder.AddOtlpExporter(otlp => (otlp.Endpoint, otlp.Protocol) = (collector, ProtocolOf(collector)));

        // OTLP's own convention: gRPC has no path, and HTTP has one.
        private static OtlpExportProtocol ProtocolOf(Uri collector) =>
            collector.AbsolutePath == "/" ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
    }
}
