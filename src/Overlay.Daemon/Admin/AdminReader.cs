using System.Reflection;
using Overlay.ControlPlane.Leases;
using Overlay.Daemon.Hosting;
using Overlay.Daemon.Metrics;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Daemon.Problems;
using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Forwarding;

namespace Overlay.Daemon.Admin;

/// <summary>Hands the state of the running parts to the reports, each of which makes itself. Any thread may ask.</summary>
internal sealed class AdminReader(OverlayService service, ProblemBoard problems, ILeaseSource source, TablePublisher publisher)
{
    public static string Version { get; } =
        typeof(AdminReader).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <summary>The first leases are read, the workers run, and nothing on this host keeps packets from flowing.</summary>
    public bool IsReady => service.Started is not null && service.Problems.Count == 0;

    /// <summary>The node is made, so there is something to report of its packets.</summary>
    public bool HasNode => service.Node is not null;

    public StatusReport Status()
    {
        OverlayNode? node = service.Node;
        OverlayOptions options = service.Options;
        return new StatusReport(
            options.NodeName, Version, StatusReport.StateOf(service.Started, IsReady), service.WaitingFor, service.Started,
            node?.DeviceName, node?.Vtep.Vni.Value, node?.Vtep.Port, node?.Mtu.Pod, node?.Vtep.Mac.ToString(), options.Subnet?.ToString(),
            options.SubnetV6?.ToString(), service.Problems, [.. node?.Warnings ?? [], .. problems.Warnings], UnderlayReport.Of(node?.Underlay),
            node?.DataplaneReport, ControlPlane());
    }

    public IReadOnlyList<PeerReport> Peers() => PeerReport.Of(service.Peers, prefix => service.Node?.IsDirect(prefix) == true);

    public IReadOnlyList<RouteReport> Routes() => RouteReport.Of(publisher.Current, service.Options.NodeName);

    public CountersReport Counters() => CountersReport.Of(AllCounters);

    public string Metrics()
    {
        ControlPlaneReport store = ControlPlane();
        return MetricsText.Format(
            AllCounters, PeerStates.Count(service.Peers),
            new StoreMetrics(store.HeldPeers, source.Status.State == StoreState.Connected, store.FromSavedState, store.AgeSeconds));
    }

    private DataplaneCounters AllCounters => service.Node?.Counters ?? new DataplaneCounters([]);

    private ControlPlaneReport ControlPlane() =>
        ControlPlaneReport.Of(source, service.Peers, service.Held, service.IsFromSavedState, TimeProvider.System.GetUtcNow());
}
