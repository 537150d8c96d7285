using System.Globalization;
using System.Text.RegularExpressions;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Monitoring;

/// <summary>Figures of the peers that nobody has asked for: metrics have them, from probes now and then.</summary>
public class ProbeMetricsTests
{
    [Fact]
    public void Peers_are_probed_for_the_metrics_and_one_that_falls_silent_or_narrow_is_seen()
    {
        using Cluster cluster = Cluster.Start(
            new LabOptions { Name = "probed", Nodes = 3, PodsPerNode = 0 },
            static overlay => overlay["Metrics"]!["ProbeSeconds"] = 1);
        Node a = cluster["a"];
        foreach (string peer in new[] { "b", "c" })
        {
            Waiting.For(() => Value(a, $"overlay_peer_up{{family=\"ipv4\",peer=\"{peer}\"}}") == 1);
            Waiting.For(() => Value(a, $"overlay_peer_path_mtu_bytes{{family=\"ipv4\",peer=\"{peer}\"}}") == 1450);
            Value(a, $"overlay_peer_probe_loss_ratio{{family=\"ipv4\",peer=\"{peer}\"}}").ShouldBe(0);
        }

        // Sixteen probes a peer and round, by each family.
        Value(a, "overlay_probe_rtt_seconds_count{family=\"ipv4\"}").ShouldNotBeNull().ShouldBeGreaterThanOrEqualTo(32);
        Value(a, "overlay_syscalls_total{op=\"sendmmsg\"}").ShouldNotBeNull().ShouldBeGreaterThan(0);
        Value(a, "overlay_syscalls_total{op=\"read\"}").ShouldNotBeNull().ShouldBeGreaterThan(0);
        Value(a, "overlay_syscalls_total{op=\"write\"}").ShouldNotBeNull().ShouldBeGreaterThan(0);
        Value(a, "overlay_syscalls_total{op=\"recvmmsg\"}").ShouldNotBeNull().ShouldBeGreaterThan(0);
        Value(a, "overlay_syscalls_total{op=\"poll\"}").ShouldNotBeNull().ShouldBeGreaterThan(0);
        Scrape(a).ShouldMatch(@"(?m)^overlay_batches_total\{direction=""egress"",size=""1"",worker=""egress-0""\} [1-9]");
        Scrape(a).ShouldContain("overlay_network_info{device=\"overlay.1\",port=\"8472\",vni=\"1\"} 1\n");

        // A bridge forwards 4 bytes more than its port's MTU, which a VLAN tag would take. A search whose probe is late on a busy
        // machine finds less, and that counts for a minute.
        cluster.Lab.Switch.Ip("link set port-b mtu 1400");
        Waiting.For(
            () => Value(a, "overlay_peer_path_mtu_bytes{family=\"ipv4\",peer=\"b\"}") == 1354,
            () => string.Join('\n', Scrape(a).Split('\n').Where(
                static line => line.StartsWith("overlay_peer", StringComparison.Ordinal))),
            130);
        cluster.Lab.Switch.Ip("link set port-b down");
        Waiting.For(() => Value(a, "overlay_peer_up{family=\"ipv4\",peer=\"b\"}") == 0, 60);
        Value(a, "overlay_peer_probe_loss_ratio{family=\"ipv4\",peer=\"b\"}").ShouldNotBeNull().ShouldBeGreaterThan(0);
        Value(a, "overlay_peer_up{family=\"ipv4\",peer=\"c\"}").ShouldBe(1);

        // A peer that is gone keeps its series and has no figure.
        cluster.Daemons[2].Stop().ShouldBe(0);
        Waiting.For(() => Value(a, "overlay_peer_up{family=\"ipv4\",peer=\"c\"}") is double.NaN, 60);
    }

    private static double? Value(Node node, string series) =>
        Regex.Match(Scrape(node), $"(?m)^{Regex.Escape(series)} (\\S+)$") is { Success: true } match
            ? double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)
            : null;

    private static string Scrape(Node node) => AdminSocket.GetLoopback(node, 9472, "metrics");
}
