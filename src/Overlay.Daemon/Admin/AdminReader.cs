using System.Numerics;
using System.Reflection;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Trust;
using Overlay.Daemon.CniInstall;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Metrics;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Linux.Tun;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Admin;

/// <summary>Makes the reports of what the running parts know. Any thread may ask.</summary>
internal sealed class AdminReader(NodeStatus status, CniInstallService cni, ILeaseSource source, TablePublisher publisher)
{
    public static string Version { get; } =
        typeof(AdminReader).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <summary>The first leases are read, the workers run, and nothing on this host keeps packets from flowing.</summary>
    public bool IsReady => status.IsReady;

    public StatusReport Status()
    {
        OverlayNetwork? network = status.Network;
        OverlayOptions options = status.Options;
        return new StatusReport(
            options.NodeName, Version, status.Started is null ? "starting" : IsReady ? "forwarding" : "impaired", status.WaitingFor, status.Started,
            network?.DeviceName, network?.Vtep.Vni.Value, network?.Vtep.Port, network?.Mtu.Pod, network?.Vtep.Mac.ToString(), options.Subnet?.ToString(),
            options.SubnetV6?.ToString(), status.Problems, [.. status.Warnings, .. cni.Warnings],
            status.Underlay is not { } underlay ? null
                : new UnderlayReport(underlay.Link.Name, underlay.Link.Mtu, underlay.Ipv4?.ToString(), underlay.Ipv6?.ToString()),
            network is null ? null : DataplaneReportOf(network.Use), ControlPlane());
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
                route.Prefix.ToString(), route.Via?.Address.ToString() ?? "local", route.Via?.Mac.ToString(), route.Via?.Node ?? status.Options.NodeName)),
    ];

    public CountersReport CounterReport() => new(
        [
            .. status.Counters.Paths.Select(worker => new WorkerReport(
                worker.Name, MetricsText.NameOf(worker.Direction), worker.ForwardedPackets, worker.ForwardedBytes, worker.AllocatedBytes)),
        ],
        [
            .. DropReasons.All.Select(drop => new DropReport(
                MetricsText.NameOf(drop.Direction), drop.Reason.ToString(), status.Counters.Dropped(drop.Direction, drop.Reason))),
        ]);

    public string Metrics() => MetricsText.Format(
        status.Counters, [.. Enum.GetValues<LeaseVerdict>().Select(verdict => (StateOf(verdict), Count(verdict)))],
        ControlPlane());

    /// <summary>The node is made, so there is something to report of its packets.</summary>
    public bool HasNode => status.HasNode;

    private PeersSnapshot Peers => status.Peers;

    private static DataplaneReport DataplaneReportOf(QueueUse use) => new(
        use.Queues, [.. Enum.GetValues<Offloads>().Where(o => BitOperations.IsPow2((int)o) && use.Offloads.HasFlag(o)).Select(o => o.ToString())],
        use.MaxSegments);

    private ControlPlaneReport ControlPlane()
    {
        StoreStatus store = source.Status;
        HeldPeers? held = status.Held;
        TimeSpan? age = TimeProvider.System.GetUtcNow() - store.LastSync;
        return new ControlPlaneReport(
            source.Location.Kind, source.Location.Place, NameOf(store.State), store.LastSync, age is { } since ? Math.Max(0, (long)since.TotalSeconds) : null,
            store.Revision, status.IsFromSavedState, Peers.UpdatedAt, Count(LeaseVerdict.Accepted), Count(LeaseVerdict.Refused),
            Count(LeaseVerdict.NotReady), held?.Count ?? 0, held?.Until, [.. source.Problems.Select(problem => $"{problem.Key}: {problem.Value}")]);
    }

    private string? PathTo(PeerLease peer)
    {
        if (peer.Verdict != LeaseVerdict.Accepted) return null;
        bool[] direct = [.. peer.Lease.PodCidrs.Select(prefix => status.IsDirect(prefix)).Distinct()];
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
