using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;
using Overlay.Pods.Operations;

namespace Overlay.EndToEnd.Tests.Monitoring;

/// <summary>Dashboard and alert rules as they are shipped, on a Prometheus that scrapes two daemons.</summary>
public class MonitoringTests
{
    private const int MetricsPort = 9472;

    // Metrics that appear with the first collection of the garbage collector.
    private static readonly string[] _late = ["dotnet_gc_last_collection_heap_size_bytes"];

    // Metrics of a store with certificates, of probes, and of pods that a runtime makes.
    private static readonly string[] _atTimes =
    [
        "overlay_certificate_expiry_timestamp_seconds",
        "overlay_probe_rtt_seconds",
        "overlay_peer_up",
        "overlay_peer_probe_loss_ratio",
        "overlay_peer_path_mtu_bytes",
        "overlay_cni_operations_total",
        "overlay_cni_duration_seconds",
    ];

    // Queries without an answer where all is well.
    private static readonly string[] _silent = ["Drops by reason", "Calls of the CNI plugin that failed"];

    [Fact]
    public void Each_rule_is_sound_and_says_what_to_do()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "rules", Nodes = 1, PodsPerNode = 0 });
        lab.Nodes[0].Run("promtool", "check", "rules", MonitoringFiles.RulesPath).EnsureSuccess();
        string text = File.ReadAllText(MonitoringFiles.RulesPath);
        int alerts = Regex.Count(text, @"(?m)^ +- alert: ");
        alerts.ShouldBeGreaterThan(10);
        foreach (string key in new[] { "expr", "summary", "description" })
            Regex.Count(text, $@"(?m)^ +{key}: ").ShouldBe(alerts, key);
        foreach (Match used in Regex.Matches(text, @"\boverlay_[a-z_]+"))
            MonitoringFiles.Documented().Keys.ShouldContain(Regex.Replace(used.Value, "_(bucket|count|sum)$", ""));
    }

    [Fact]
    public void Metrics_are_those_of_the_documents_and_sound()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "metrics" });
        Node a = cluster["a"];
        string exposition = AdminSocket.GetLoopback(a, MetricsPort, "metrics");
        string file = Path.Combine(a.Directory, "metrics");
        File.WriteAllText(file, exposition);
        CommandResult check = a.Run("sh", "-c", $"promtool check metrics <'{file}'");
        check.ExitCode.ShouldBe(0, $"{check}");
        check.Error.ShouldBeEmpty();

        SortedDictionary<string, string> documented = MonitoringFiles.Documented();
        SortedDictionary<string, string> exposed = MonitoringFiles.Exposed(exposition);
        foreach (string late in _late.Concat(_atTimes))
        {
            documented.ShouldContainKey(late);
            if (!exposed.ContainsKey(late)) documented.Remove(late);
        }

        Lines(exposed).ShouldBe(Lines(documented));
        Names(AdminSocket.Get(a.Socket, "metrics")).ShouldBe(Names(exposition));

        static string[] Lines(SortedDictionary<string, string> metrics) =>
            [.. metrics.Select(static metric => $"{metric.Key} {metric.Value}")];
        static string[] Names(string exposition) => [.. MonitoringFiles.Exposed(exposition).Keys];
    }

    [Fact]
    public void Prometheus_answers_every_query_of_the_dashboard_and_fires_an_alert_for_a_refused_peer()
    {
        using Cluster cluster = Cluster.Start(
            new LabOptions { Name = "prometheus" }, static overlay =>
            {
                overlay["Admin"]!["Http"] = $"0.0.0.0:{MetricsPort}";
                overlay["Metrics"]!["ProbeSeconds"] = 1;
            });
        foreach (Node node in cluster.Lab.Nodes)
        {
            _ = Directory.CreateDirectory(node.CniRecords);
            new OperationJournal(node.CniRecords).Add(new CniOperation("ADD", 0, TimeSpan.FromMilliseconds(30)));
        }

        // The rules are as shipped, but for their patience.
        string rules = Regex.Replace(File.ReadAllText(MonitoringFiles.RulesPath), @"(?m)^( +for): \w+$", "$1: 1s");
        PrometheusServer prometheus = new(
            cluster.Lab.Switch, cluster.Lab.Directory, rules,
            cluster.Lab.Nodes.Select(static node => $"{node.UnderlayV4}:{MetricsPort}"));
        Waiting.For(() => prometheus.Query("up == 1 and on (instance) overlay_ready == 1").Length == 2, 20);
        prometheus.Query("ALERTS{alertname=~\"Overlay.*\",severity=\"critical\"}").ShouldBeEmpty();

        // Rates need two scrapes with packets between them.
        cluster["a"].Pods[0].Ping(cluster["b"].Pods[0].AddressV4!, 3).EnsureSuccess();
        Waiting.For(() => prometheus.Query(
            "sum by (instance) (rate(overlay_forwarded_packets_total[10s])) > 0").Length == 2, 20);
        (string Panel, string Query)[] queries = [.. MonitoringFiles.DashboardQueries()];
        queries.Length.ShouldBeGreaterThan(20);
        string[] unanswered = [.. queries.Where(query => prometheus.Query(query.Query).Length == 0)
            .Where(static query => !_late.Any(query.Query.Contains)).Select(static query => query.Panel).Except(_silent)];
        unanswered.ShouldBeEmpty();

        new VxlanPeer(cluster["b"].PodCidrV4, IPAddress.Parse("192.168.77.9"), "02:00:00:00:04:09", null, null, null)
            .Write(Path.Combine(cluster.Lab.LeaseDirectory, "thief.json"), 1);
        Waiting.For(() => prometheus.Query(
            "ALERTS{alertname=\"OverlayPeersRefused\",alertstate=\"firing\"}").Length > 0, 20);
        JsonElement alert = prometheus.Get("alerts").GetProperty("data").GetProperty("alerts").EnumerateArray()
            .First(static alert => alert.GetProperty("labels").GetProperty("alertname").GetString() == "OverlayPeersRefused");
        alert.GetProperty("annotations").GetProperty("summary").GetString().ShouldNotBeNull()
            .ShouldMatch("^192\\.168\\.77\\.[12]:9472 refuses 1 nodes$");
    }
}
