using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Overlay.EndToEnd.Tests.Fixtures;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;

namespace Overlay.EndToEnd.Tests.Host;

/// <summary>What an operator sees of a running daemon: overlayctl, health and metrics.</summary>
public class OverlayctlTests
{
    [Fact]
    public void Every_report_is_a_table_for_people_and_json_for_programs()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "ctl" });
        Node a = cluster["a"];
        a.Pods[0].Ping(cluster["b"].Pods[0].AddressV4!, 3).EnsureSuccess();

        string status = Table(a, "status");
        status.ShouldMatch(@"(?m)^node +a   forwarding for \d+ s   overlayd \d");
        status.ShouldMatch(@"(?m)^data path +user space   \d+ queues?   .* offloads TunHeader");
        status.ShouldMatch(@"(?m)^underlay +\S+   192\.168\.77\.1   fd77::1   MTU \d+ *$");
        status.ShouldMatch(@"(?m)^store +File \S+   connected *$");
        status.ShouldMatch(@"(?m)^peers +1 of 1 in use *$");
        status.ShouldMatch(@"(?m)^traffic +out [^ ]+ packets/s, [^ ]+ k?bit/s   in ");
        status.ShouldMatch(@"(?m)^dropped +(none )?in the last minute");
        status.ShouldNotContain("PROBLEMS");
        Json(a, "status").GetProperty("state").GetString().ShouldBe("forwarding");

        Table(a, "peers")
            .ShouldMatch(@"(?m)^b +accepted +10\.244\.2\.0/24 +fd00:10:244:2::/64 +192\.168\.77\.2 +fd77::2 ");
        JsonElement peer = Json(a, "peers").EnumerateArray().ShouldHaveSingleItem();
        peer.GetProperty("node").GetString().ShouldBe("b");
        peer.GetProperty("vtepMac").GetString().ShouldBe(VxlanPeer.Read(cluster["b"].LeaseFile).VtepMac);

        Table(a, "peers").ShouldNotContain("VTEPMAC");
        a.Overlayctl("peers", "-o", "wide").EnsureSuccess().Output.ShouldContain("VTEPMAC");

        Table(a, "routes").ShouldMatch(@"(?m)^10\.244\.1\.0/24 +local ");
        Json(a, "routes").EnumerateArray().Select(route => route.GetProperty("prefix").GetString())
            .ShouldBe(["10.244.1.0/24", "10.244.2.0/24", "fd00:10:244:1::/64", "fd00:10:244:2::/64"]);

        Table(a, "counters").ShouldMatch(@"(?m)^egress-0 +egress +[1-9]");
        Json(a, "counters").GetProperty("workers")
            .EnumerateArray().Sum(worker => worker.GetProperty("packets").GetInt64()).ShouldBeGreaterThanOrEqualTo(6);
    }

    [Fact]
    public void Probes_answer_by_exit_code_and_only_for_a_daemon_of_their_own_pod()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "probe", Nodes = 1, PodsPerNode = 0 });
        Node a = cluster["a"];
        foreach (string probe in new[] { "alive", "started", "ready" })
            a.Overlayctl(probe).EnsureSuccess().Output.ShouldStartWith("overlayd ");

        // As from a new pod, while the old one still has the socket.
        CommandResult other = a.Run(
            "unshare", "-p", "-f", ProductBinary.Find("overlayctl"), "ready", "--socket", a.Socket);
        other.ExitCode.ShouldBe(1, other.Output);
        other.Error.ShouldContain("another pod's");

        a.Ip("link set overlay.1 down");
        Waiting.For(() => a.Overlayctl("ready").ExitCode == 1);
        a.Overlayctl("ready").Error.ShouldContain("overlay.1 is down");
        a.Overlayctl("alive").EnsureSuccess();
        cluster.Daemons[0].Stop().ShouldBe(0);
        a.Overlayctl("alive").ExitCode.ShouldBe(3);
    }

    [Fact]
    public void Settings_are_shown_with_their_origin_and_the_log_level_changes_while_the_daemon_runs()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "settings", Nodes = 1, PodsPerNode = 0 });
        Node a = cluster["a"];
        Table(a, "config").ShouldMatch(
            $@"(?m)^Overlay:Network:Cidr +10\.244\.0\.0/16 +{Regex.Escape(a.ConfigPath)} *$");
        Table(a, "config").ShouldNotContain("default");
        a.Overlayctl("config", "-o", "wide").EnsureSuccess().Output
            .ShouldMatch(@"(?m)^Overlay:CniInstall:Enabled +false +default *$");

        string before = a.Overlayctl("log-level").EnsureSuccess().Output.Trim();
        a.Overlayctl("log-level", "fatal").EnsureSuccess().Output.Trim().ShouldBe("Fatal");
        a.Overlayctl("log-level").EnsureSuccess().Output.Trim().ShouldBe("Fatal");
        string log = cluster.Daemons[0].Log;
        a.Ip("address add 10.244.9.1/24 dev lo");
        Waiting.For(() => Json(a, "status").GetProperty("warnings").GetArrayLength() > 0, 40);
        cluster.Daemons[0].Log.ShouldBe(log);
        a.Overlayctl("log-level", before).EnsureSuccess();
        a.Overlayctl("log-level", "loud").ExitCode.ShouldBe(2);
        a.Overlayctl("version").EnsureSuccess().Output.ShouldMatch(@"^overlayctl \S+\noverlayd \S+\n$");
    }

    [Fact]
    public void Health_and_metrics_are_on_the_loopback_and_reports_only_on_the_socket()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "http" });
        Node a = cluster["a"];
        Http(a, "readyz").ShouldBe("overlayd is ready\n");
        Http(a, "healthz").ShouldBe("overlayd is running\n");
        string metrics = Http(a, "metrics");
        metrics.ShouldContain("overlay_peers{state=\"accepted\"} 1\n");
        metrics.ShouldContain("overlay_peers_held 0\n");
        metrics.ShouldContain("overlay_store_connected 1\n");
        metrics.ShouldContain("overlay_store_from_saved_state 0\n");
        metrics.ShouldMatch(@"(?m)^overlay_store_seconds_since_sync \d$");
        metrics.ShouldContain("overlay_dropped_packets_total{direction=\"ingress\",reason=\"UnknownVtep\"} 0\n");
        Should.Throw<HttpRequestException>(
            () => Http(a, "v1/status")).StatusCode.ShouldBe(System.Net.HttpStatusCode.NotFound);
        File.GetUnixFileMode(a.Socket).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public void A_refused_peer_and_a_damaged_file_are_shown_with_the_reason()
    {
        using Cluster cluster =
            Cluster.Start(new LabOptions { Name = "shown", Underlay = AddressFamilies.V4, Inner = AddressFamilies.V4 });
        Node a = cluster["a"];
        File.WriteAllText(Path.Combine(cluster.Lab.LeaseDirectory, "broken.json"), "{");
        cluster.Daemons[0].WaitForLog("broken.json");
        Table(a, "status").ShouldMatch(@"(?ms)^PROBLEMS *$.*^! .*broken\.json");

        new VxlanPeer(cluster["b"].PodCidrV4, IPAddress.Parse("192.168.77.9"), "02:00:00:00:04:09", null, null, null)
            .Write(Path.Combine(cluster.Lab.LeaseDirectory, "thief.json"), 1);
        Waiting.For(() => Json(a, "peers").GetArrayLength() == 2);
        JsonElement thief = Json(a, "peers")
            .EnumerateArray().Single(peer => peer.GetProperty("node").GetString() == "thief");
        thief.GetProperty("state").GetString().ShouldBe("refused");
        thief.GetProperty("reason").GetString().ShouldBe(
            "pod CIDR 10.244.2.0/24 of node thief overlaps 10.244.2.0/24 of node b, which comes first");
        Table(a, "peers")
            .ShouldMatch(@"(?m)^thief +refused +10\.244\.2\.0/24 .*of node thief overlaps 10\.244\.2\.0/24 of node b");
        Table(a, "status").ShouldMatch(@"(?m)^peers +1 of 2 in use   1 refused ");
    }

    [Fact]
    public void A_start_that_waits_for_its_store_says_for_what()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "waits", Nodes = 1, PodsPerNode = 0 });
        Node node = lab.Nodes[0];
        _ = UnreadableStore.StartDaemon(node);
        Waiting.For(() => node.Overlayctl("status").Succeeded
            && Json(node, "status").GetProperty("controlPlane").GetProperty("problems").GetArrayLength() > 0);
        JsonElement status = Json(node, "status");
        status.GetProperty("state").GetString().ShouldBe("starting");
        status.GetProperty("controlPlane").GetProperty("state").GetString().ShouldBe("connecting");
        status.GetProperty("controlPlane").GetProperty("problems")[0].GetString()!.ShouldContain("cannot be read");
        Http(node, "metrics").ShouldContain("overlay_store_connected 0\n");
    }

    [Fact]
    public void Without_a_daemon_overlayctl_says_so_in_one_line_and_fails()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "nobody", Nodes = 1, PodsPerNode = 0 });
        CommandResult result = lab.Nodes[0].Overlayctl("status");
        result.ExitCode.ShouldBe(3);
        result.Error.Trim().ShouldStartWith($"overlayctl: no overlayd answers on {lab.Nodes[0].Socket}");
        result.Error.Trim().ShouldNotContain("\n");
    }

    [Fact]
    public void Both_binaries_answer_their_version()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "version", Nodes = 1, PodsPerNode = 0 });
        lab.Nodes[0].Overlayctl("--version").EnsureSuccess().Output.Trim().ShouldMatch(@"^overlayctl \d+\.\d+\.\d+$");
        DaemonProcess daemon = lab.Nodes[0].StartDaemon("--version");
        daemon.WaitForExit(TimeSpan.FromSeconds(20)).ShouldBeTrue();
        daemon.ExitCode.ShouldBe(0);
        daemon.Log.Trim().ShouldMatch(@"^overlayd \d+\.\d+\.\d+$");
    }

    private static string Table(Node node, string report) => node.Overlayctl(report).EnsureSuccess().Output;

    private static JsonElement Json(Node node, string report) =>
        JsonDocument.Parse(node.Overlayctl(report, "--json").EnsureSuccess().Output).RootElement;

    private static string Http(Node node, string path) => AdminSocket.GetLoopback(node, 9472, path);
}
