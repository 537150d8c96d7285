using System.Net;
using System.Text.Json.Nodes;
using Overlay.EndToEnd.Tests.Fixtures;
using Overlay.EndToEnd.Tests.Shipping;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Host;

/// <summary>Probes and the conditions behind them, by name.</summary>
public class HealthTests
{
    private const int Port = 9472;

    private static readonly string[] _conditions = ["store", "node", "leases", "workers", "announced", "host"];

    [Fact]
    public void Each_condition_is_named_and_a_node_that_stops_being_ready_says_so_until_it_is_again()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "health", Nodes = 1, PodsPerNode = 0 });
        Node a = cluster["a"];
        foreach (string path in new[] { "livez", "healthz" })
        {
            Ask(a, path).ShouldBe((HttpStatusCode.OK, "overlayd is running\n"));
            Ask(a, $"{path}?verbose").ShouldBe((HttpStatusCode.OK, $"[+]ping ok\n{path} check passed\n"));
        }

        (HttpStatusCode status, string text) = Ask(a, "readyz?verbose");
        status.ShouldBe(HttpStatusCode.OK);
        text.ShouldStartWith(string.Concat(_conditions.Select(static condition => $"[+]{condition} ok\n")));
        text.ShouldContain("[+]host/device ok\n");
        text.ShouldEndWith("\nreadyz check passed\n");
        text.ShouldNotContain("[-]");
        AdminSocket.Get(a.Socket, "readyz?verbose").ShouldBe(text);

        // The plugin's calls are counted once it has a place for its records.
        _ = Directory.CreateDirectory(a.CniRecords);
        PluginStatus(a).ShouldBe("");
        Ask(a, "metrics").Text.ShouldContain("overlay_cni_operations_total{cmd=\"STATUS\",code=\"0\"} 1\n");
        a.Ip("link set overlay.1 down");
        Waiting.For(() => Ask(a, "readyz").Status == HttpStatusCode.ServiceUnavailable);

        // The plugin's patience with a daemon that was ready is over by this file's time.
        File.SetLastWriteTimeUtc(Path.Combine(a.Directory, ".overlayd-answered"), DateTime.UtcNow.AddMinutes(-1));
        PluginStatus(a).ShouldContain("\"code\":51,\"msg\":\"overlayd is not ready yet: overlay.1 is down");
        Ask(a, "metrics").Text.ShouldContain("overlay_cni_operations_total{cmd=\"STATUS\",code=\"51\"} 1\n");
        Ask(a, "readyz").Text.ShouldStartWith("overlayd is not ready yet: overlay.1 is down");
        (status, text) = Ask(a, "readyz?verbose");
        status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        text.ShouldContain("[+]workers ok\n");
        text.ShouldContain("\n[-]host failed: problems: 1\n");
        text.ShouldContain("\n[-]host/device failed: overlay.1 is down: pods reach no other node;");
        text.ShouldEndWith("\nreadyz check failed\n");
        Ask(a, "livez").Status.ShouldBe(HttpStatusCode.OK);

        a.Ip("link set overlay.1 up");
        Waiting.For(() => Ask(a, "readyz").Status == HttpStatusCode.OK);
        PluginStatus(a).ShouldBe("");

        // Conditions that are not met are no news to the log each time that somebody asks.
        cluster.Daemons[0].Log.ShouldNotContain("HealthCheck");
    }

    [Fact]
    public void A_start_that_waits_names_the_condition_it_waits_for()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "unmet", Nodes = 1, PodsPerNode = 0 });
        Node node = lab.Nodes[0];
        _ = UnreadableStore.StartDaemon(node);
        Waiting.For(() => node.Overlayctl("status").Succeeded
            && Ask(node, "readyz?verbose").Text.Contains("[+]node ok", StringComparison.Ordinal));
        (HttpStatusCode status, string text) = Ask(node, "readyz?verbose");
        status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        text.ShouldContain($"[-]leases failed: waiting for File {UnreadableStore.PathOf(node)}: its leases\n");
        text.ShouldContain("[-]workers failed: ");
        text.ShouldContain("[-]announced failed: ");
        Ask(node, "startedz").Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        Ask(node, "livez").Status.ShouldBe(HttpStatusCode.OK);
    }

    // The plugin's answer to a runtime that asks for the node.
    private static string PluginStatus(Node node)
    {
        JsonObject configuration = new()
        {
            ["cniVersion"] = "1.1.0",
            ["name"] = "net",
            ["type"] = "overlay",
            ["subnetFile"] = node.SubnetFile,
            ["stateDirectory"] = node.CniRecords,
            ["adminSocket"] = node.Socket,
            ["ipam"] = new JsonObject { ["type"] = "host-local", ["dataDir"] = Path.Combine(node.Directory, "networks") },
        };
        string input = Path.Combine(node.Directory, "status.json");
        File.WriteAllText(input, configuration.ToJsonString());
        return node.Run(
            "env", "CNI_COMMAND=STATUS", "CNI_PATH=/usr/lib/cni", "sh", "-c", "exec \"$0\" <\"$1\"",
            Path.Combine(PublishedPrograms.Directory, "overlay"), input).Output;
    }

    private static (HttpStatusCode Status, string Text) Ask(Node node, string path) =>
        AdminSocket.AskLoopback(node, Port, path);
}
