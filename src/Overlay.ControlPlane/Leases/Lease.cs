using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Leases;

/// <summary>
/// The announcement of a node: its pod CIDRs and the addresses of its VTEPs. Immutable, compared by value.
/// </summary>
public sealed record Lease
{
    /// <summary>The one backend type whose leases are carried.</summary>
    public const string Vxlan = "vxlan";

    /// <summary>The node's name, unique in the cluster.</summary>
    public required string Node { get; init; }

    /// <summary>The node's IPv4 pod CIDR.</summary>
    public IpPrefix? Subnet { get; init; }

    /// <summary>The node's IPv6 pod CIDR.</summary>
    public IpPrefix? SubnetV6 { get; init; }

    /// <summary>The node's IPv4 underlay address.</summary>
    public IpAddress? PublicIp { get; init; }

    /// <summary>The node's IPv6 underlay address.</summary>
    public IpAddress? PublicIpV6 { get; init; }

    /// <summary>How the node carries pod traffic, as flannel names its backends.</summary>
    public string BackendType { get; init; } = Vxlan;

    /// <summary>The VTEP at <see cref="PublicIp"/>.</summary>
    public VtepData? BackendData { get; init; }

    /// <summary>The VTEP at <see cref="PublicIpV6"/>.</summary>
    public VtepData? BackendV6Data { get; init; }

    /// <summary>The pod CIDRs there are: none, one or two.</summary>
    public IEnumerable<IpPrefix> PodCidrs => Present(Subnet, SubnetV6);

    /// <summary>The underlay addresses there are: none, one or two.</summary>
    public IEnumerable<IpAddress> PublicAddresses => Present(PublicIp, PublicIpV6);

    /// <summary>The VTEP announcements there are: none, one or two.</summary>
    public IEnumerable<VtepData> Vteps => new[] { BackendData, BackendV6Data }.OfType<VtepData>();

    private static IEnumerable<T> Present<T>(T? first, T? second) where T : struct
    {
        if (first is { } one) yield return one;
        if (second is { } other) yield return other;
    }
}
