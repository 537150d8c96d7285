using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Trust;
using Overlay.Daemon.Hosting;
using Overlay.Daemon.Metrics;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Problems;
using Overlay.Dataplane.Packets;
using Overlay.Testing;

namespace Overlay.Daemon.Tests;

/// <summary>The exposition of a daemon whose node is not made yet.</summary>
public sealed class MetricsExportTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly TestStore _store = new()
    {
        Status = new StoreStatus(StoreState.Connected, DateTimeOffset.UtcNow.AddSeconds(-17), null),
    };

    [Fact]
    public async Task Names_and_labels_are_those_that_dashboards_ask_for()
    {
        await using ServiceProvider services = Compose();
        for (int faults = 0; faults < 3; faults++)
            _ = services.GetRequiredService<ProblemBoard>().Guard.Try("the packet filter", static () =>
                throw new InvalidOperationException("broken"));
        _ = services.GetRequiredService<SnapshotHold>().Filter(new LeaseUpdate.Snapshot([]), PeersSnapshots.Of(2));
        string[] series = await SeriesAsync(services);
        series.ShouldContain("overlay_forwarded_packets_total{direction=\"egress\",worker=\"egress-0\"} 0");
        series.ShouldContain("overlay_forwarded_bytes_total{direction=\"ingress\",worker=\"ingress-0\"} 0");
        series.ShouldContain("overlay_batches_total{direction=\"ingress\",size=\"1\",worker=\"ingress-0\"} 0");
        series.ShouldContain("overlay_batches_total{direction=\"egress\",size=\"32-63\",worker=\"egress-0\"} 0");
        series.ShouldContain("overlay_batches_total{direction=\"egress\",size=\"64+\",worker=\"egress-0\"} 0");
        series.ShouldContain("overlay_syscalls_total{op=\"sendmmsg\"} 0");
        series.ShouldContain("overlay_socket_queue_bytes 0");
        series.ShouldContain("overlay_relists_total 0");
        series.ShouldContain("overlay_peer_forwarded_packets_total{direction=\"egress\",peer=\"other\"} 0");
        series.ShouldContain("overlay_peer_forwarded_bytes_total{direction=\"ingress\",peer=\"other\"} 0");
        series.ShouldContain("overlay_dropped_packets_total{direction=\"ingress\",reason=\"IpCsum\"} 0");
        series.ShouldContain("overlay_dropped_packets_total{direction=\"ingress\",reason=\"SocketRcvbuff\"} 0");
        series.ShouldContain("overlay_dropped_packets_total{direction=\"egress\",reason=\"TunFull\"} 0");
        series.ShouldContain("overlay_peers{state=\"accepted\"} 0");
        series.ShouldContain("overlay_peers{state=\"not ready\"} 0");
        series.ShouldContain("overlay_peers_held 2");
        series.ShouldContain("overlay_store_connected 1");
        series.ShouldContain("overlay_store_from_saved_state 0");
        series.ShouldContain(static line => Regex.IsMatch(line, "^overlay_store_seconds_since_sync 1[78]$"));
        series.ShouldContain("overlay_part_faults_total{part=\"the packet filter\"} 3");
        series.ShouldContain("overlay_probes_total{fate=\"refused\"} 0");
        series.ShouldContain("overlay_warnings 1");
        series.ShouldContain($"overlay_build_info{{version=\"{BuildVersion.Text}\"}} 1");
        series.ShouldContain("overlay_ready 0");
        series.Count(static line => line.StartsWith("overlay_dropped_packets_total", StringComparison.Ordinal))
            .ShouldBe((2 * (Enum.GetValues<DropReason>().Length - 1)) + 2);
    }

    [Fact]
    public async Task Every_series_stands_behind_the_type_and_the_help_of_its_metric()
    {
        await using ServiceProvider services = Compose();
        services.GetRequiredService<DaemonMeter>().Converged(TimeSpan.FromMilliseconds(3));
        string name = "";
        foreach (string line in (await ScrapeAsync(services)).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal)) name = line.Split(' ')[2];
            else line.ShouldMatch($"^(# HELP {name} |# UNIT {name} |{name}(_bucket|_sum|_count)?(\\{{.*\\}})? \\S+$)");
        }
    }

    [Fact]
    public async Task A_store_that_has_not_answered_yet_has_no_age()
    {
        _store.Status = StoreStatus.Initial;
        await using ServiceProvider services = Compose();
        (await SeriesAsync(services)).ShouldNotContain(static line => line.StartsWith("overlay_store_seconds"));
    }

    [Fact]
    public async Task The_time_to_the_table_is_a_histogram_of_seconds()
    {
        await using ServiceProvider services = Compose();
        services.GetRequiredService<DaemonMeter>().Converged(TimeSpan.FromMilliseconds(30));
        string[] series = await SeriesAsync(services);
        series.ShouldContain("overlay_convergence_seconds_bucket{le=\"0.025\"} 0");
        series.ShouldContain("overlay_convergence_seconds_bucket{le=\"0.05\"} 1");
        series.ShouldContain("overlay_convergence_seconds_count 1", "from before the first scrape");
        services.GetRequiredService<DaemonMeter>().Converged(TimeSpan.FromMilliseconds(3));
        (await SeriesAsync(services)).ShouldContain("overlay_convergence_seconds_count 2");
    }

    [Fact]
    public async Task The_runtime_shows_its_memory_and_collections_and_no_other_meter_is_exported()
    {
        await using ServiceProvider services = Compose();
        using Meter other = new(DaemonMeter.Name);
        _ = other.CreateObservableGauge("overlay_foreign", static () => 1);
        GC.Collect();
        string[] metrics = [.. (await ScrapeAsync(services)).Split('\n')
            .Where(static line => line.StartsWith("# TYPE ", StringComparison.Ordinal))
            .Select(static line => line.Split(' ')[2])];
        metrics.ShouldContain("dotnet_gc_pause_time_seconds_total");
        metrics.ShouldContain("dotnet_gc_last_collection_heap_size_bytes");
        metrics.ShouldContain("dotnet_process_memory_working_set_bytes");
        metrics.ShouldNotContain("overlay_foreign");
        metrics.ShouldNotContain("dotnet_exceptions_total");
        metrics.ShouldNotContain("target_info");
    }

    [Fact]
    public async Task Requests_to_the_store_are_counted_by_method_and_answer_and_not_by_path()
    {
        int port = FreePort();
        using HttpListener server = new();
        server.Prefixes.Add($"http://127.0.0.1:{port}/");
        server.Start();
        await using ServiceProvider services = Compose();
        _ = await ScrapeAsync(services);
        using HttpClient client = new();
        foreach (string path in new[] { "one", "two" })
        {
            Task<HttpResponseMessage> asked = client.GetAsync(new Uri($"http://127.0.0.1:{port}/{path}"));
            HttpListenerContext request = await server.GetContextAsync().WaitAsync(TimeSpan.FromSeconds(20));
            request.Response.StatusCode = 429;
            request.Response.Close();
            (await asked).Dispose();
        }

        // Other tests of this process ask other servers at times.
        (await SeriesAsync(services)).ShouldContain(
            "http_client_request_duration_seconds_count{error_type=\"429\",http_request_method=\"GET\","
            + "http_response_status_code=\"429\",server_address=\"127.0.0.1\"} 2");
    }

    [Fact]
    public async Task A_collector_that_is_named_gets_the_metrics_too()
    {
        int port = FreePort();
        using HttpListener collector = new();
        collector.Prefixes.Add($"http://127.0.0.1:{port}/");
        collector.Start();
        Task<HttpListenerContext> asked = collector.GetContextAsync();
        await using ServiceProvider services = Compose(("Metrics:Otlp", $"http://127.0.0.1:{port}/v1/metrics"));
        MetricsExport export = services.GetRequiredService<MetricsExport>();
        Task sent = Task.Run(export.Flush);
        HttpListenerContext request = await asked.WaitAsync(TimeSpan.FromSeconds(20));
        using MemoryStream body = new();
        await request.Request.InputStream.CopyToAsync(body);
        request.Response.Close();
        request.Request.Url!.AbsolutePath.ShouldBe("/v1/metrics");
        request.Request.ContentType.ShouldBe("application/x-protobuf");
        string text = Encoding.Latin1.GetString(body.ToArray());
        text.ShouldContain("overlay_store_connected");
        text.ShouldContain("overlayd");
        await sent;

        // The last export, at the end, finds nobody.
        collector.Close();
    }

    public void Dispose() => _directory.Dispose();

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task<string[]> SeriesAsync(ServiceProvider services) =>
        [.. (await ScrapeAsync(services)).Split('\n').Where(static line => line.Length > 0 && line[0] != '#')];

    private static async Task<string> ScrapeAsync(ServiceProvider services)
    {
        DefaultHttpContext context = new() { RequestServices = services };
        using MemoryStream body = new();
        context.Response.Body = body;
        await services.GetRequiredService<MetricsExport>().AnswerAsync(context);
        context.Response.StatusCode.ShouldBe(StatusCodes.Status200OK);
        context.Response.ContentType.ShouldNotBeNull().ShouldStartWith("text/plain; version=0.0.4");
        return Encoding.UTF8.GetString(body.ToArray());
    }

    private ServiceProvider Compose(params (string, string)[] keys) => new ServiceCollection()
        .AddLogging()
        .AddSingleton<ILeaseSource>(_store)
        .AddSingleton<IHostApplicationLifetime, ApplicationLifetime>()
        .AddNode(TestOptions.With([("StateDirectory", _directory["state"]), .. keys]))
        .AddNodeMetrics()
        .BuildServiceProvider();
}
