using System.Reflection;
using Overlay.ControlPlane;
using Overlay.Dataplane;

namespace Overlay.Daemon;

/// <summary>Makes the reports of what the running parts know. Any thread may ask.</summary>
public sealed class AdminReader(OverlayOptions options, OverlayService service, ILeaseSource source, TablePublisher publisher)
{
    public static string Version { get; } =
        typeof(AdminReader).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <summary>The first leases are read, the workers run, and nothing on this host keeps packets from flowing.</summary>
    public bool IsReady => service.Started is not null && Node.Problems.Count == 0;

    public StatusReport Status()
    {
        OverlayNode node = Node;
        PeersSnapshot peers = Peers;
        return new StatusReport(
            options.NodeName, Version, service.Started is null ? "starting" : IsReady ? "forwarding" : "impaired", service.Started ?? default, node.DeviceName,
            node.Vtep.Vni.Value, node.Vtep.Port, node.Mtu.Pod, node.Vtep.Mac.ToString(), options.Subnet?.ToString(), options.SubnetV6?.ToString(), node.Problems,
            new UnderlayReport(node.Underlay.Link.Name, node.Underlay.Link.Mtu, node.Underlay.Ipv4?.ToString(), node.Underlay.Ipv6?.ToString()),
            node.DataplaneReport,
            new ControlPlaneReport(
                "File", options.LeaseDirectory, peers.UpdatedAt, Count(LeaseVerdict.Accepted), Count(LeaseVerdict.Refused), Count(LeaseVerdict.NotReady),
                [.. source.Problems.Select(problem => $"{problem.Key}: {problem.Value}")]));
    }

    public IReadOnlyList<PeerReport> PeerList() =>
    [
        .. Peers.Peers.Select(peer => new PeerReport(
            peer.Lease.Node, StateOf(peer.Verdict), peer.Lease.Subnet?.ToString(), peer.Lease.SubnetV6?.ToString(),
            peer.Lease.PublicIp?.ToString(), peer.Lease.PublicIpV6?.ToString(),
            peer.Lease.BackendData?.Mac?.ToString(), peer.Lease.BackendV6Data?.Mac?.ToString(), peer.Reason)),
    ];

    public IReadOnlyList<RouteReport> Routes() =>
    [
        .. publisher.Current.Routes
            .OrderBy(route => route.Prefix.Family).ThenBy(route => route.Prefix.Address.Value).ThenBy(route => route.Prefix.Length)
            .Select(route => new RouteReport(
                route.Prefix.ToString(), route.Via?.Address.ToString() ?? "local", route.Via?.Mac.ToString(), route.Via?.Node ?? options.NodeName)),
    ];

    public CountersReport CounterReport() => new(
        [
            .. Node.Counters.Workers.Select(worker => new WorkerReport(
                worker.Name, MetricsText.NameOf(worker.Direction), worker.ForwardedPackets, worker.ForwardedBytes, worker.AllocatedBytes)),
        ],
        [
            .. DropReasons.All.Select(drop => new DropReport(
                MetricsText.NameOf(drop.Direction), drop.Reason.ToString(), Node.Counters.Dropped(drop.Direction, drop.Reason))),
        ]);

    public string Metrics() => MetricsText.Format(
        Node.Counters, [.. Enum.GetValues<LeaseVerdict>().Select(verdict => (StateOf(verdict), Count(verdict)))]);

    /// <summary>The node is made, so there is something to report.</summary>
    public bool HasNode => service.Node is not null;

    private OverlayNode Node => service.Node ?? throw new InvalidOperationException("the node is not made yet");

    private PeersSnapshot Peers => service.Reconciler?.Peers ?? PeersSnapshot.Empty;

    private int Count(LeaseVerdict verdict) => Peers.Peers.Count(peer => peer.Verdict == verdict);

    private static string StateOf(LeaseVerdict verdict) => verdict switch
    {
        LeaseVerdict.Accepted => "accepted",
        LeaseVerdict.Refused => "refused",
        _ => "not ready",
    };
}
