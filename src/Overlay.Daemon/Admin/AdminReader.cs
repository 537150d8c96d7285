using System.Reflection;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Trust;
using Overlay.Daemon.CniInstall;
using Overlay.Daemon.Hosting;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Metrics;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Admin;

/// <summary>Makes the reports of what the running parts know. Any thread may ask.</summary>
public sealed class AdminReader(OverlayService service, CniInstallService cni, ILeaseSource source, TablePublisher publisher)
{
    public static string Version { get; } =
        typeof(AdminReader).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <summary>The first leases are read, the workers run, and nothing on this host keeps packets from flowing.</summary>
    public bool IsReady => service.Started is not null && service.Problems.Count == 0;

    public StatusReport Status()
    {
        OverlayNode? node = service.Node;
        OverlayOptions options = service.Options;
        return new StatusReport(
            options.NodeName, Version, service.Started is null ? "starting" : IsReady ? "forwarding" : "impaired", service.WaitingFor, service.Started,
            node?.DeviceName, node?.Vtep.Vni.Value, node?.Vtep.Port, node?.Mtu.Pod, node?.Vtep.Mac.ToString(), options.Subnet?.ToString(),
            options.SubnetV6?.ToString(), service.Problems, [.. node?.Warnings ?? [], .. cni.Warnings],
            node?.Underlay is not { } underlay ? null
                : new UnderlayReport(underlay.Link.Name, underlay.Link.Mtu, underlay.Ipv4?.ToString(), underlay.Ipv6?.ToString()),
            node?.DataplaneReport, ControlPlane());
    }

    public IReadOnlyList<PeerReport> PeerList() =>
    [
        .. Peers.Peers.Select(peer => new PeerReport(
            peer.Lease.Node, StateOf(peer.Verdict), peer.Lease.Subnet?.ToString(), peer.Lease.SubnetV6?.ToString(),
            peer.Lease.PublicIp?.ToString(), peer.Lease.PublicIpV6?.ToString(),
            peer.Lease.BackendData?.Mac?.ToString(), peer.Lease.BackendV6Data?.Mac?.ToString(), PathTo(peer), peer.Reason)),
    ];

    public IReadOnlyList<RouteReport> Routes() =>
    [
        .. publisher.Current.Routes
            .OrderBy(route => route.Prefix.Family).ThenBy(route => route.Prefix.Address.Value).ThenBy(route => route.Prefix.Length)
            .Select(route => new RouteReport(
                route.Prefix.ToString(), route.Via?.Address.ToString() ?? "local", route.Via?.Mac.ToString(), route.Via?.Node ?? service.Options.NodeName)),
    ];

    public CountersReport CounterReport() => new(
        [
            .. Node.Counters.Paths.Select(worker => new WorkerReport(
                worker.Name, MetricsText.NameOf(worker.Direction), worker.ForwardedPackets, worker.ForwardedBytes, worker.AllocatedBytes)),
        ],
        [
            .. DropReasons.All.Select(drop => new DropReport(
                MetricsText.NameOf(drop.Direction), drop.Reason.ToString(), Node.Counters.Dropped(drop.Direction, drop.Reason))),
        ]);

    public string Metrics() => MetricsText.Format(
        service.Node?.Counters ?? new DataplaneCounters([]), [.. Enum.GetValues<LeaseVerdict>().Select(verdict => (StateOf(verdict), Count(verdict)))],
        ControlPlane());

    /// <summary>The node is made, so there is something to report of its packets.</summary>
    public bool HasNode => service.Node is not null;

    private OverlayNode Node => service.Node ?? throw new InvalidOperationException("the node is not made yet");

    private PeersSnapshot Peers => service.Peers;

    private ControlPlaneReport ControlPlane()
    {
        StoreStatus status = source.Status;
        HeldPeers? held = service.Held;
        TimeSpan? age = TimeProvider.System.GetUtcNow() - status.LastSync;
        return new ControlPlaneReport(
            source.Location.Kind, source.Location.Place, NameOf(status.State), status.LastSync, age is { } since ? Math.Max(0, (long)since.TotalSeconds) : null,
            status.Revision, service.IsFromSavedState, Peers.UpdatedAt, Count(LeaseVerdict.Accepted), Count(LeaseVerdict.Refused),
            Count(LeaseVerdict.NotReady), held?.Count ?? 0, held?.Until, [.. source.Problems.Select(problem => $"{problem.Key}: {problem.Value}")]);
    }

    private string? PathTo(PeerLease peer)
    {
        if (peer.Verdict != LeaseVerdict.Accepted) return null;
        bool[] direct = [.. peer.Lease.PodCidrs.Select(prefix => service.Node?.IsDirect(prefix) == true).Distinct()];
        return direct.Length > 1 ? "tunnel and direct" : direct[0] ? "direct" : "tunnel";
    }

    private int Count(LeaseVerdict verdict) => Peers.Peers.Count(peer => peer.Verdict == verdict);

    private static string NameOf(StoreState state) => state switch
    {
        StoreState.Connecting => "connecting",
        StoreState.Connected => "connected",
        _ => "disconnected",
    };

    private static string StateOf(LeaseVerdict verdict) => verdict switch
    {
        LeaseVerdict.Accepted => "accepted",
        LeaseVerdict.Refused => "refused",
        _ => "not ready",
    };
}
