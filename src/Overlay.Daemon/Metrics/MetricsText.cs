using System.Globalization;
using System.Text;
using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Packets;

namespace Overlay.Daemon.Metrics;

/// <summary>Counters in the Prometheus text format, version 0.0.4.</summary>
internal static class MetricsText
{
    public static string Format(
        DataplaneCounters counters, IReadOnlyList<(string State, int Count)> peers, StoreMetrics store,
        IReadOnlyList<(string Part, long Faults)> parts, IReadOnlyList<(string Fate, long Probes)> probes)
    {
        StringBuilder text = new();
        Header("overlay_forwarded_packets_total", "counter", "Inner packets passed on.");
        foreach (PathCounters worker in counters.Paths)
            Line($"overlay_forwarded_packets_total{Labels(worker)}", worker.ForwardedPackets);
        Header("overlay_forwarded_bytes_total", "counter", "Bytes of inner IP packets passed on.");
        foreach (PathCounters worker in counters.Paths)
            Line($"overlay_forwarded_bytes_total{Labels(worker)}", worker.ForwardedBytes);
        Header("overlay_dropped_packets_total", "counter", "Packets dropped, by reason.");
        foreach ((Direction direction, DropReason reason) in DropReasons.All)
            Line($"overlay_dropped_packets_total{{direction=\"{NameOf(direction)}\",reason=\"{reason}\"}}",
                counters.Dropped(direction, reason));
        Header("overlay_peers", "gauge", "Peers in the control plane, by whether they are in the forwarding table.");
        foreach ((string state, int count) in peers) Line($"overlay_peers{{state=\"{state}\"}}", count);
        Header("overlay_peers_held", "gauge", "Peers that the store lacks all at once and that are kept for a while.");
        Line("overlay_peers_held", store.HeldPeers);
        Header("overlay_store_connected", "gauge", "1 while the store of the leases answers.");
        Line("overlay_store_connected", store.IsConnected ? 1 : 0);
        Header("overlay_store_from_saved_state", "gauge", "1 while node or peers are those of the last run.");
        Line("overlay_store_from_saved_state", store.IsFromSavedState ? 1 : 0);
        if (store.SecondsSinceSync is { } age)
        {
            Header("overlay_store_seconds_since_sync", "gauge", "Age of what is known of the store.");
            Line("overlay_store_seconds_since_sync", age);
        }

        Header("overlay_part_faults_total", "counter", "Faults that a part of the daemon did not expect.");
        foreach ((string part, long faults) in parts) Line($"overlay_part_faults_total{{part=\"{part}\"}}", faults);
        Header("overlay_probes_total", "counter", "Probes of other nodes that arrived here, by what became of them.");
        foreach ((string fate, long count) in probes) Line($"overlay_probes_total{{fate=\"{fate}\"}}", count);
        return text.ToString();

        void Header(string name, string type, string help) =>
            text.Append($"# HELP {name} {help}\n# TYPE {name} {type}\n");

        void Line(string series, long value) => text.Append(CultureInfo.InvariantCulture, $"{series} {value}\n");
    }

    private static string Labels(PathCounters worker) =>
        $"{{worker=\"{worker.Name}\",direction=\"{NameOf(worker.Direction)}\"}}";

    /// <summary>A direction as reports and metrics write it.</summary>
    public static string NameOf(Direction direction) => direction == Direction.Egress ? "egress" : "ingress";
}
