using System.Diagnostics.Metrics;
using Overlay.ControlPlane.Leases;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Networks;
using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Ebpf.Maps;
using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Metrics;

/// <summary>
/// Every metric that is read from the daemon's parts when somebody asks: the parts count for themselves, and the packet
/// path knows no metric.
/// </summary>
/// <remarks>
/// Every label has few values, however many peers there are: <see cref="PeerTraffic"/> bounds theirs. A counter is of a
/// part that lives as long as the process, so that it never falls.
/// </remarks>
internal sealed class DaemonMetrics : IMetricSource
{
    private static readonly string[] _batchSizes =
    [
        .. Enumerable.Range(0, PathCounters.BatchSizes).Select(static exponent =>
            (1 << exponent, (2 << exponent) - 1) switch
            {
                (1, _) => "1",
                var (least, _) when exponent == PathCounters.BatchSizes - 1 => $"{least}+",
                var (least, most) => $"{least}-{most}",
            }),
    ];

    private readonly NodeStatus _node;
    private readonly NetworkCounters _counters;
    private readonly TablePublisher _table;
    private readonly ILeaseSource _source;
    private readonly PeerTraffic _peers;
    private readonly TimeProvider _time;

    public DaemonMetrics(
        DaemonMeter meter, NodeStatus node, NetworkCounters counters, TablePublisher table, PeerTraffic peers,
        ILeaseSource source, TimeProvider time)
    {
        (_node, _counters, _table, _peers, _source, _time) = (node, counters, table, peers, source, time);
        AddPackets(meter.Meter);
        AddControlPlane(meter.Meter);
        AddNode(meter.Meter);
    }

    /// <inheritdoc/>
    public int MostSeries => Math.Max(
        Math.Max(_counters.All.Paths.Count * PathCounters.BatchSizes, DropCount.Reasons), 2 * (PeerTraffic.MostSeries + 1));

    private void AddPackets(Meter meter)
    {
        _ = meter.CreateObservableCounter(
            "overlay_forwarded_packets",
            () => Forwarded(static worker => worker.ForwardedPackets, static kernel => kernel.Packets), null,
            "Inner packets passed on.");
        _ = meter.CreateObservableCounter(
            "overlay_forwarded_bytes",
            () => Forwarded(static worker => worker.ForwardedBytes, static kernel => kernel.Bytes), null,
            "Bytes of inner IP packets passed on.");
        _ = meter.CreateObservableCounter(
            "overlay_batches", Batches, null,
            "Batches that packets came in, by the packets, super-packets and trains that a device handed over at once.");
        _ = meter.CreateObservableCounter(
            "overlay_syscalls", () => Enum.GetValues<Syscall>().Select(
                call => Of(_counters.Calls(call), ("op", call.ToString().ToLowerInvariant()))), null,
            "System calls of the workers, those that found nothing included.");
        _ = meter.CreateObservableGauge(
            "overlay_socket_queue_bytes", () => _counters.SocketQueue.Read(), null,
            "Memory of datagrams that wait at the tunnels' sockets for a worker.");
        _ = meter.CreateObservableCounter(
            "overlay_peer_forwarded_packets", () => OfPeers(
                static peer => peer.EgressPackets, static peer => peer.IngressPackets), null,
            "Inner packets passed on through the tunnel, by peer: those with traffic of weight, and all others.");
        _ = meter.CreateObservableCounter(
            "overlay_peer_forwarded_bytes", () => OfPeers(
                static peer => peer.EgressBytes, static peer => peer.IngressBytes), null,
            "Bytes of those packets.");
        _ = meter.CreateObservableCounter("overlay_dropped_packets", Dropped, null, "Packets dropped, by reason.");
        _ = meter.CreateObservableGauge(
            "overlay_fdb_entries", () => Families(_table.Current.Fdb.Rows, static vtep => vtep.Address.Family), null,
            "VTEPs that packets are accepted from, by the family of their address.");
        _ = meter.CreateObservableGauge(
            "overlay_routes", () => Families(_table.Current.Routes, static route => route.Prefix.Family), null,
            "Prefixes in the forwarding table, this node's own included.");
    }

    private void AddControlPlane(Meter meter)
    {
        _ = meter.CreateObservableGauge(
            "overlay_peers",
            () => PeerStates.Count(_node.Peers).Select(static peers => Of(peers.Count, ("state", peers.State))), null,
            "Peers in the control plane, by whether they are in the forwarding table.");
        _ = meter.CreateObservableGauge(
            "overlay_peers_held", () => _node.Held?.Count ?? 0, null,
            "Peers that the store lacks all at once and that are kept for a while.");
        _ = meter.CreateObservableGauge(
            "overlay_store_connected", () => _source.Status.State == StoreState.Connected ? 1 : 0, null,
            "1 while the store of the leases answers.");
        _ = meter.CreateObservableGauge(
            "overlay_store_from_saved_state", () => _node.IsFromSavedState ? 1 : 0, null,
            "1 while node or peers are those of the last run.");
        _ = meter.CreateObservableGauge(
            "overlay_store_seconds_since_sync",
            () => LastSync(at => Math.Max(0, (long)(_time.GetUtcNow() - at).TotalSeconds)), null,
            "Age of what is known of the store.");
        _ = meter.CreateObservableGauge(
            "overlay_store_last_sync_timestamp_seconds", () => LastSync(static at => at.ToUnixTimeSeconds()), null,
            "The last time at which no change of the store was known to be missing.");
        _ = meter.CreateObservableCounter(
            "overlay_watch_restarts",
            () => Enum.GetValues<WatchEnd>().Select(end => Of(_source.WatchRestarts(end), ("reason", NameOf(end)))), null,
            "Watches of the store that have ended, each of which another one follows.");
        _ = meter.CreateObservableCounter(
            "overlay_relists", () => _source.Relists, null,
            "Times that all entries of the store were read anew, as changes had been lost.");
        _ = meter.CreateObservableGauge(
            "overlay_certificate_expiry_timestamp_seconds", Certificate, null,
            "The end of the client certificate that the store is shown.");
    }

    private void AddNode(Meter meter)
    {
        _ = meter.CreateObservableGauge(
            "overlay_network_info", Network, null, "1, for the network: the VNI and port of all packets of the tunnels.");
        _ = meter.CreateObservableGauge(
            "overlay_build_info", static () => Of(1, ("version", BuildVersion.Text)), null, "1, for this overlayd.");
        _ = meter.CreateObservableGauge(
            "overlay_ready", () => _node.IsReady ? 1 : 0, null, "1 while pods' packets can flow, as /readyz answers.");
        _ = meter.CreateObservableGauge(
            "overlay_problems", () => _node.Problems.Count, null, "Faults that keep pods' packets from flowing.");
        _ = meter.CreateObservableGauge(
            "overlay_warnings", () => _node.Warnings.Count + _source.Warnings.Count, null,
            "Faults that pods' packets flow with all the same.");
        _ = meter.CreateObservableCounter(
            "overlay_nat_rules_repaired", () => _counters.FilterRepairs, null,
            "nftables tables of this node put back after another program had changed them.");
        _ = meter.CreateObservableCounter(
            "overlay_probes",
            () => _counters.Probes.All.Select(static probes => Of(probes.Probes, ("fate", probes.Fate))), null,
            "Probes of other nodes that arrived here, by what became of them.");
        _ = meter.CreateObservableCounter(
            "overlay_part_faults",
            () => _node.PartFaults.Select(static part => Of(part.Faults, ("part", part.Part))), null,
            "Faults that a part of the daemon did not expect.");
    }

    private static string NameOf(WatchEnd end) => end switch
    {
        WatchEnd.Ended => "ended",
        WatchEnd.Gone => "gone",
        _ => "failed",
    };

    private IEnumerable<Measurement<long>> Forwarded(
        Func<PathCounters, long> value, Func<TrafficCount, long> kernel) =>
    [
        .. _counters.All.Paths.Select(worker => Of(
            value(worker), ("direction", DirectionName.Of(worker.Direction)), ("worker", worker.Name))),
        .. Enum.GetValues<Direction>().Where(_ => _counters.Kernel.IsUsed).Select(direction => Of(
            kernel(_counters.Kernel.Forwarded(direction)), ("direction", DirectionName.Of(direction)),
            ("worker", TierCounters.NameOf(direction)))),
    ];

    private IEnumerable<Measurement<long>> Batches() =>
        from worker in _counters.All.Paths
        from exponent in Enumerable.Range(0, PathCounters.BatchSizes)
        select Of(
            worker.TakenBatches(exponent), ("direction", DirectionName.Of(worker.Direction)), ("worker", worker.Name),
            ("size", _batchSizes[exponent]));

    private IEnumerable<Measurement<long>> OfPeers(Func<PeerBytes, long> egress, Func<PeerBytes, long> ingress) =>
        _peers.Series().SelectMany(series => new[]
        {
            Of(egress(series.Bytes), ("direction", DirectionName.Of(Direction.Egress)), ("peer", series.Peer)),
            Of(ingress(series.Bytes), ("direction", DirectionName.Of(Direction.Ingress)), ("peer", series.Peer)),
        });

    private IEnumerable<Measurement<long>> Dropped() => DropCount.All(_counters).Select(static drop => Of(
        drop.Packets, ("direction", DirectionName.Of(drop.Direction)), ("reason", drop.Reason)));

    private static IEnumerable<Measurement<long>> Families<T>(IReadOnlyCollection<T> rows, Func<T, IpFamily> family)
    {
        int ipv4 = rows.Count(row => family(row) == IpFamily.IPv4);
        return [Of(ipv4, ("family", FamilyName.Ipv4)), Of(rows.Count - ipv4, ("family", FamilyName.Ipv6))];
    }

    // A store that has not answered yet has no age.
    private IEnumerable<Measurement<long>> LastSync(Func<DateTimeOffset, long> value) =>
        _source.Status.LastSync is { } at ? [new Measurement<long>(value(at))] : [];

    private IEnumerable<Measurement<long>> Certificate() =>
        _source.CertificateExpiry is { } end ? [new Measurement<long>(end.ToUnixTimeSeconds())] : [];

    private IEnumerable<Measurement<long>> Network() => _node.Network is { } network
        ?
        [
            Of(
                1, ("device", network.DeviceName), ("vni", $"{network.Vtep.Vni.Value}"), ("port", $"{network.Vtep.Port}")),
        ]
        : [];

    private static Measurement<long> Of(long value, params ReadOnlySpan<(string Key, string Value)> labels)
    {
        KeyValuePair<string, object?>[] tags = new KeyValuePair<string, object?>[labels.Length];
        for (int i = 0; i < tags.Length; i++) tags[i] = new(labels[i].Key, labels[i].Value);
        return new Measurement<long>(value, tags);
    }
}
