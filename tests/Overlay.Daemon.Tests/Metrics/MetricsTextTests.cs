using Overlay.Daemon.Metrics;
using Overlay.Daemon.Probes;
using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Packets;

namespace Overlay.Daemon.Tests;

public class MetricsTextTests
{
    private static readonly DataplaneCounters _counters =
        new([new PathCounters("egress-0", Direction.Egress), new PathCounters("ingress-0", Direction.Ingress)]);

    [Fact]
    public void Names_and_labels_are_those_that_dashboards_ask_for()
    {
        string text =
            MetricsText.Format(_counters, [("accepted", 4), ("not ready", 1)], new StoreMetrics(2, true, false, 17),
                [("the packet filter", 3)], [("refused", 5)]);
        string[] series = [.. text.Split('\n').Where(static line => line.Length > 0 && line[0] != '#')];
        series.ShouldContain("overlay_forwarded_packets_total{worker=\"egress-0\",direction=\"egress\"} 0");
        series.ShouldContain("overlay_forwarded_bytes_total{worker=\"ingress-0\",direction=\"ingress\"} 0");
        series.ShouldContain("overlay_dropped_packets_total{direction=\"ingress\",reason=\"IpCsum\"} 0");
        series.ShouldContain("overlay_peers{state=\"accepted\"} 4");
        series.ShouldContain("overlay_peers{state=\"not ready\"} 1");
        series.ShouldContain("overlay_peers_held 2");
        series.ShouldContain("overlay_store_connected 1");
        series.ShouldContain("overlay_store_from_saved_state 0");
        series.ShouldContain("overlay_store_seconds_since_sync 17");
        series.ShouldContain("overlay_part_faults_total{part=\"the packet filter\"} 3");
        series.ShouldContain("overlay_probes_total{fate=\"refused\"} 5");
        series.Count(static line => line.StartsWith("overlay_dropped_packets_total", StringComparison.Ordinal))
            .ShouldBe(2 * (Enum.GetValues<DropReason>().Length - 1));
    }

    [Fact]
    public void Every_series_stands_behind_the_help_and_the_type_of_its_metric()
    {
        string name = "";
        string text = MetricsText.Format(
            _counters, [("accepted", 4)], new StoreMetrics(0, false, true, 17), [("the node", 1)],
            new ProbeCounters().All);
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("# HELP ", StringComparison.Ordinal)) name = line.Split(' ')[2];
            else line.ShouldMatch($"^(# TYPE {name} (counter|gauge)|{name}(\\{{.*\\}})? \\d+)$");
        }
    }

    [Fact]
    public void A_store_that_has_not_answered_yet_has_no_age() =>
        MetricsText.Format(_counters, [], new StoreMetrics(0, false, false, null), [], [])
            .ShouldNotContain("seconds_since_sync");
}
