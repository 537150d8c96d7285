using Overlay.ControlPlane.Leases;
using Overlay.Daemon.Captures;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Metrics;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Daemon.Paths;
using Overlay.Dataplane.Forwarding;

namespace Overlay.Daemon.Admin;

/// <summary>
/// Hands the state of the running parts to the reports, each of which makes itself. Any thread may ask.
/// </summary>
internal sealed class AdminReader(
    NodeStatus node, ILeaseSource source, TablePublisher publisher, SenderWatch senders, TrafficHistory traffic,
    PeerTraffic peerTraffic, CaptureGate captures, EffectiveConfiguration configuration)
{
    private static readonly TimeSpan _startTime = TimeSpan.FromSeconds(20);

    private readonly long _begun = TimeProvider.System.GetTimestamp();

    /// <summary>
    /// The first leases are read, the workers run, and nothing on this host keeps packets from flowing.
    /// </summary>
    public bool IsReady => node.IsReady;

    /// <summary>The node is made, so there is something to report of its packets.</summary>
    public bool HasNode => node.HasNode;

    /// <summary>
    /// The daemon has run for longer than a start takes: another start would not cure what it still waits for, or has a
    /// problem with.
    /// </summary>
    public bool IsLongUp => TimeProvider.System.GetElapsedTime(_begun) > _startTime;

    /// <summary>The parts of this host that may keep packets from flowing, each with its faults of now.</summary>
    public IReadOnlyList<(string Part, IReadOnlyList<string> Texts)> ProblemParts => node.ProblemParts;

    /// <summary>The reason why the node is not ready, as far as it is known.</summary>
    public string? Obstacle => node.WaitingFor is { } what ? $"waiting for {what}"
        : node.Problems is [string first, ..] ? first : null;

    public StatusReport Status()
    {
        OverlayNetwork? network = node.Network;
        OverlayOptions options = node.Options;
        return new StatusReport(
            options.NodeName, BuildVersion.Text, StatusReport.StateOf(node.Started, IsReady), node.WaitingFor, node.Started,
            network?.DeviceName, network?.Vtep.Vni.Value, network?.Vtep.Port, network?.Mtu.Pod,
            network?.Vtep.Mac.ToString(), options.Subnet?.ToString(), options.SubnetV6?.ToString(), node.Problems,
            [.. node.Warnings, .. source.Warnings], UnderlayReport.Of(node.Underlay),
            network is null ? null : DataplaneReport.Of(node.Tier, network.Use),
            ControlPlane(), TrafficReport.Of(traffic.Read()), captures.Status);
    }

    public IReadOnlyList<PeerReport> Peers() =>
        PeerReport.Of(node.Peers, node.IsDirect, senders.SendsFrom, peerTraffic.Read());

    public IReadOnlyList<RouteReport> Routes() => RouteReport.Of(publisher.Current, node.Options.NodeName);

    public IReadOnlyList<ConfigurationValue> Configuration() => configuration.Values(node.Options);

    public IReadOnlyList<CheckReport> Checks() => CheckReport.Of(node, ControlPlane());

    public CountersReport Counters() => CountersReport.Of(node.Counters);

    private ControlPlaneReport ControlPlane() =>
        ControlPlaneReport.Of(source, node.Peers, node.Held, node.IsFromSavedState, TimeProvider.System.GetUtcNow());
}
