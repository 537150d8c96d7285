using Overlay.Wire.Values;

namespace Overlay.Daemon.Options;

/// <summary>What all nodes of the network have in common.</summary>
internal sealed record NetworkOptions
{
    /// <summary>All IPv4 pods.</summary>
    public IpPrefix? Cidr { get; init; }

    /// <summary>All IPv6 pods.</summary>
    public IpPrefix? CidrV6 { get; init; }

    /// <summary>The cluster CIDRs: of each family that there is.</summary>
    public IEnumerable<IpPrefix> Cidrs => new[] { Cidr, CidrV6 }.OfType<IpPrefix>();

    /// <summary>Length of a node's IPv4 pod CIDR.</summary>
    public required int SubnetLength { get; init; }

    /// <summary>Length of a node's IPv6 pod CIDR.</summary>
    public required int SubnetLengthV6 { get; init; }

    public required Vni Vni { get; init; }

    /// <summary>UDP port of every VTEP.</summary>
    public required ushort Port { get; init; }

    /// <summary>Bytes of the largest pod packet; 0 for the underlay's MTU less the encapsulation.</summary>
    public required int Mtu { get; init; }

    /// <summary>
    /// Bytes of the largest underlay packet, as a store says it for all nodes; 0 for what the interface has.
    /// </summary>
    public int UnderlayMtu { get; init; }

    /// <summary>Peers on a network of this node's own get a plain route.</summary>
    public bool DirectRouting { get; init; }

    /// <summary>Which of the above the configuration names.</summary>
    public NetworkKeys Given { get; init; }
}
