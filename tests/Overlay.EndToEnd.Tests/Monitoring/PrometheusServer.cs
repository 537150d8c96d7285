using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Overlay.Lab.Namespaces;
using Overlay.Lab.Processes;

namespace Overlay.EndToEnd.Tests.Monitoring;

/// <summary>Debian's Prometheus, which scrapes the nodes of a lab each second; it goes with the lab.</summary>
internal sealed class PrometheusServer
{
    private const int Port = 9090;

    private readonly NetworkNamespace _where;
    private readonly BackgroundProcess _process;

    /// <param name="where">A namespace that reaches the targets.</param>
    /// <param name="directory">For its files.</param>
    /// <param name="rules">Text of a file of rules.</param>
    /// <param name="targets">Addresses with ports.</param>
    public PrometheusServer(NetworkNamespace where, string directory, string rules, IEnumerable<string> targets)
    {
        _where = where;
        File.WriteAllText(Path.Combine(directory, "rules.yaml"), rules);
        string config = Path.Combine(directory, "prometheus.yaml");
        File.WriteAllText(config, $$"""
            global: { scrape_interval: 1s, evaluation_interval: 1s }
            rule_files: [ rules.yaml ]
            scrape_configs:
              - job_name: overlayd
                static_configs:
                  - targets: [ {{string.Join(", ", targets.Select(static target => $"\"{target}\""))}} ]
            """);
        _process = where.Start(
            "prometheus", $"--config.file={config}", $"--storage.tsdb.path={Path.Combine(directory, "prometheus")}",
            string.Create(CultureInfo.InvariantCulture, $"--web.listen-address=127.0.0.1:{Port}"));
        _process.WaitForLog("Server is ready to receive web requests");
    }

    public string Log => _process.Log;

    /// <summary>The result of a query: a list of series.</summary>
    /// <exception cref="HttpRequestException">The query is none that Prometheus understands.</exception>
    public JsonElement[] Query(string query)
    {
        JsonElement data = Get($"query?query={Uri.EscapeDataString(query)}").GetProperty("data");
        data.GetProperty("resultType").GetString().ShouldBe("vector");
        return [.. data.GetProperty("result").EnumerateArray()];
    }

    /// <summary>An answer of its HTTP API, below /api/v1.</summary>
    public JsonElement Get(string path)
    {
        using HttpClient client = new(new SocketsHttpHandler
        {
            ConnectCallback = (_, _) => ValueTask.FromResult<Stream>(new NetworkStream(Connect(), ownsSocket: true)),
        });
        using HttpRequestMessage request = new(HttpMethod.Get, $"http://prometheus/api/v1/{path}");
        using HttpResponseMessage response = client.Send(request);
        using StreamReader body = new(response.Content.ReadAsStream());
        string text = body.ReadToEnd();
        response.IsSuccessStatusCode.ShouldBeTrue($"{path}: {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    private Socket Connect() => _where.Invoke(() =>
    {
        Socket connection = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        connection.Connect(IPAddress.Loopback, Port);
        return connection;
    });
}
