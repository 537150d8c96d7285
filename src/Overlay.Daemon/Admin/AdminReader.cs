using System.Reflection;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Trust;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Metrics;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Admin;

/// <summary>Hands the state of the running parts to the reports, each of which makes itself. Any thread may ask.</summary>
internal sealed class AdminReader(NodeStatus status, ILeaseSource source, TablePublisher publisher)
{
    public static string Version { get; } =
        typeof(AdminReader).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <summary>The first leases are read, the workers run, and nothing on this host keeps packets from flowing.</summary>
    public bool IsReady => status.IsReady;

    /// <summary>The node is made, so there is something to report of its packets.</summary>
    public bool HasNode => status.HasNode;

    public StatusReport Status()
    {
        OverlayNetwork? network = status.Network;
        OverlayOptions options = status.Options;
        return new StatusReport(
            options.NodeName, Version, StatusReport.StateOf(status.Started, IsReady), status.WaitingFor, status.Started,
            network?.DeviceName, network?.Vtep.Vni.Value, network?.Vtep.Port, network?.Mtu.Pod, network?.Vtep.Mac.ToString(),
            options.Subnet?.ToString(), options.SubnetV6?.ToString(), status.Problems, status.Warnings, UnderlayReport.Of(status.Underlay),
            DataplaneReport.Of(network?.Use), ControlPlane());
    }

    public IReadOnlyList<PeerReport> Peers() => PeerReport.Of(status.Peers, status.IsDirect);

    public IReadOnlyList<RouteReport> Routes() => RouteReport.Of(publisher.Current, status.Options.NodeName);

    public CountersReport Counters() => CountersReport.Of(status.Counters);

    public string Metrics()
    {
        ControlPlaneReport store = ControlPlane();
        return MetricsText.Format(
            status.Counters, PeerStates.Count(status.Peers),
            new StoreMetrics(store.HeldPeers, source.Status.State == StoreState.Connected, store.FromSavedState, store.AgeSeconds));
    }

    private ControlPlaneReport ControlPlane() =>
        ControlPlaneReport.Of(source, status.Peers, status.Held, status.IsFromSavedState, TimeProvider.System.GetUtcNow());
}
