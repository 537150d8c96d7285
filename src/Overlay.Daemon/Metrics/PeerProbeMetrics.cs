using System.Diagnostics.Metrics;
using Overlay.Daemon.Probes;

namespace Overlay.Daemon.Metrics;

/// <summary>
/// Metrics of the last probes of each peer: those of <see cref="PeerTraffic"/>'s series by name, and the worst figures of
/// all others.
/// </summary>
internal sealed class PeerProbeMetrics : IMetricSource
{
    private readonly MeshWatch _mesh;
    private readonly PeerTraffic _peers;

    // The exporter repeats a series that is given no more: one that has been goes on without a figure.
    private readonly HashSet<(string Peer, string Family)> _given = [];
    private readonly Lock _gate = new();

    public PeerProbeMetrics(DaemonMeter meter, MeshWatch mesh, PeerTraffic peers)
    {
        (_mesh, _peers) = (mesh, peers);
        Add(
            "overlay_peer_up", static figures => figures.Up,
            "1 where the last probes or ICMP echoes of a peer came back, 0 where none did.");
        Add(
            "overlay_peer_probe_loss_ratio", static figures => figures.Loss,
            "The part of the probes of a peer's last minute of probes that was lost.");
        Add(
            "overlay_peer_path_mtu_bytes", static figures => figures.PathMtu,
            "The largest inner packet that comes back from a peer's daemon; 0 where none did.");

        void Add(string name, Func<ProbeFigures, double> value, string meaning) =>
            _ = meter.Meter.CreateObservableGauge(name, () => Measure(value), null, meaning);
    }

    /// <inheritdoc/>
    public int MostSeries => 2 * (PeerTraffic.MostSeries + 1);

    private List<Measurement<double>> Measure(Func<ProbeFigures, double> value)
    {
        HashSet<string> names = [.. _peers.Series().Select(static series => series.Peer)];
        Dictionary<(string, string), ProbeFigures> figures = [];
        foreach (PeerHealth health in _mesh.State.Peers)
        {
            string node = health.Last.Peer.Node;
            (string, string) key =
                (names.Contains(node) ? node : PeerTraffic.Others, FamilyName.Of(health.Last.Peer.Address.Family));
            ProbeFigures own = ProbeFigures.Of(health);
            figures[key] = figures.TryGetValue(key, out ProbeFigures? worst) ? worst.Worse(own) : own;
        }

        lock (_gate)
        {
            _given.UnionWith(figures.Keys);
            return
            [
                .. _given.Select(key => new Measurement<double>(
                    value(figures.GetValueOrDefault(key, ProbeFigures.None)),
                    new KeyValuePair<string, object?>("peer", key.Peer),
                    new KeyValuePair<string, object?>("family", key.Family))),
            ];
        }
    }

    /// <summary>The figures of a series; NaN for none.</summary>
    private sealed record ProbeFigures(double Up, double Loss, double PathMtu)
    {
        public static ProbeFigures None { get; } = new(double.NaN, double.NaN, double.NaN);

        public static ProbeFigures Of(PeerHealth health) => new(
            health.Last.Kind == PingKind.None ? 0 : 1, health.Loss,
            health.Last.Mtu is { } mtu ? mtu.Bytes ?? 0 : double.NaN);

        public ProbeFigures Worse(ProbeFigures other) => new(
            Math.Min(Up, other.Up), Math.Max(Loss, other.Loss),
            double.IsNaN(PathMtu) ? other.PathMtu
            : double.IsNaN(other.PathMtu) ? PathMtu : Math.Min(PathMtu, other.PathMtu));
    }
}
