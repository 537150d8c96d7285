using Overlay.Wire.Values;

namespace Overlay.Daemon.Options;

/// <summary>
/// The configuration, read and checked: section <c>Overlay</c> of overlay.json, environment and command line.
/// </summary>
internal sealed record OverlayOptions
{
    /// <summary>This node's name in the control plane; the host's name by default.</summary>
    public required string NodeName { get; init; }

    /// <summary>Underlay interface by name or address; empty for the default route's.</summary>
    public required string Interface { get; init; }

    /// <summary>IPv4 address peers send to; null for the interface's.</summary>
    public IpAddress? PublicIp { get; init; }

    /// <summary>IPv6 address peers send to; null for the interface's.</summary>
    public IpAddress? PublicIpV6 { get; init; }

    public required NetworkOptions Network { get; init; }

    /// <summary>This node's IPv4 pod CIDR; null where there is none, or until the store has given it.</summary>
    public IpPrefix? Subnet { get; init; }

    /// <summary>This node's IPv6 pod CIDR; null where there is none, or until the store has given it.</summary>
    public IpPrefix? SubnetV6 { get; init; }

    /// <summary>This node's pod CIDRs: of each family that there is.</summary>
    public IEnumerable<IpPrefix> PodCidrs => new[] { Subnet, SubnetV6 }.OfType<IpPrefix>();

    /// <summary>Where ClusterIPs come from; only to check that nothing overlaps them.</summary>
    public required IReadOnlyList<IpPrefix> ServiceCidrs { get; init; }

    public required ControlPlaneOptions ControlPlane { get; init; }

    /// <summary>Where the CNI plugin reads subnet and MTU, flannel's subnet.env.</summary>
    public required string SubnetFile { get; init; }

    /// <summary>
    /// What pods send out of the cluster gets an address of this host; subnet.env tells CNI plugins not to do it then.
    /// </summary>
    public required bool IpMasq { get; init; }

    /// <summary>Further destinations that see pods' own addresses.</summary>
    public required IReadOnlyList<IpPrefix> NonMasqueradeCidrs { get; init; }

    /// <summary>Where state that survives restarts is kept.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>A stop leaves subnet file, device, routes and rules to the next start.</summary>
    public required bool KeepAtStop { get; init; }

    /// <summary>Whether another overlayd can take the node over, and what this one does then.</summary>
    public required HandOver HandOver { get; init; }

    /// <summary>Whether and where the CNI plugin is installed.</summary>
    public required CniInstallOptions CniInstall { get; init; }

    /// <summary>Queues, offloads and the like.</summary>
    public required DataplaneOptions Dataplane { get; init; }

    /// <summary>Path of the admin socket.</summary>
    public required string AdminSocket { get; init; }

    /// <summary>Where /metrics, /healthz and /readyz are served; null for nowhere.</summary>
    public System.Net.IPEndPoint? AdminHttp { get; init; }

    /// <summary>Where metrics go, and the probes that some of them are of.</summary>
    public required MetricsOptions Metrics { get; init; }
}
