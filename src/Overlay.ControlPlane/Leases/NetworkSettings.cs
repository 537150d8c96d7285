using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Leases;

/// <summary>
/// The settings that all nodes of a network have in common, as in flannel's net-conf.json. Immutable.
/// </summary>
public sealed record NetworkSettings
{
    /// <summary>All IPv4 pods; null where IPv4 is not enabled.</summary>
    public IpPrefix? Cidr { get; init; }

    /// <summary>All IPv6 pods; null where IPv6 is not enabled.</summary>
    public IpPrefix? CidrV6 { get; init; }

    /// <summary>Length of a node's IPv4 pod CIDR.</summary>
    public int SubnetLength { get; init; }

    /// <summary>Length of a node's IPv6 pod CIDR.</summary>
    public int SubnetLengthV6 { get; init; }

    /// <summary>The first IPv4 pod CIDR that is handed out.</summary>
    public IpPrefix? SubnetMin { get; init; }

    /// <summary>The last IPv4 pod CIDR that is handed out.</summary>
    public IpPrefix? SubnetMax { get; init; }

    /// <summary>The first IPv6 pod CIDR that is handed out.</summary>
    public IpPrefix? SubnetMinV6 { get; init; }

    /// <summary>The last IPv6 pod CIDR that is handed out.</summary>
    public IpPrefix? SubnetMaxV6 { get; init; }

    public required Vni Vni { get; init; }

    /// <summary>UDP port of every VTEP.</summary>
    public required ushort Port { get; init; }

    /// <summary>Bytes of the largest <em>underlay</em> packet, as flannel counts; 0 for the interface's MTU.</summary>
    public int UnderlayMtu { get; init; }

    /// <summary>Peers on the same layer-2 network get a plain route.</summary>
    public bool DirectRouting { get; init; }
}
