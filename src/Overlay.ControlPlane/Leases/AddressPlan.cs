using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Leases;

/// <summary>The ranges this node works with, and the rules between them. Immutable.</summary>
public sealed record AddressPlan
{
    /// <summary>The names of the ranges in messages.</summary>
    public RangeNames Names { get; init; } = RangeNames.Plain;

    /// <summary>The range of all IPv4 pods.</summary>
    public IpPrefix? ClusterCidr { get; init; }

    /// <summary>The range of all IPv6 pods.</summary>
    public IpPrefix? ClusterCidrV6 { get; init; }

    /// <summary>This node's IPv4 pod CIDR; null while the control plane has not given one.</summary>
    public IpPrefix? Subnet { get; init; }

    /// <summary>This node's IPv6 pod CIDR; null while the control plane has not given one.</summary>
    public IpPrefix? SubnetV6 { get; init; }

    /// <summary>The ranges of ClusterIPs, of either family.</summary>
    public IReadOnlyList<IpPrefix> ServiceCidrs { get; init; } = [];

    /// <summary>The on-link prefixes of the underlay interface, of either family.</summary>
    public IReadOnlyList<IpPrefix> UnderlayNetworks { get; init; } = [];

    /// <summary>The cluster CIDR of that family, if pods of that family are carried at all.</summary>
    public IpPrefix? ClusterCidrOf(IpFamily family) => family == IpFamily.IPv4 ? ClusterCidr : ClusterCidrV6;

    /// <summary>Every rule that is broken, with both prefixes and their names; empty when all hold.</summary>
    public IReadOnlyList<string> Check()
    {
        List<string> violations = [];
        IEnumerable<Named> clusters = Present((Names.Cluster, ClusterCidr), (Names.ClusterV6, ClusterCidrV6));
        IEnumerable<Named> podCidrs = Present((Names.Subnet, Subnet), (Names.SubnetV6, SubnetV6));
        IEnumerable<Named> services = ServiceCidrs.Select(prefix => new Named(Names.Services, prefix));
        IEnumerable<Named> underlays = UnderlayNetworks.Select(prefix => new Named(Names.Underlay, prefix));

        foreach (Named podCidr in podCidrs)
        {
            if (CheckPodCidr(podCidr.Name, podCidr.Prefix) is { } violation) violations.Add(violation);
        }

        Overlaps(clusters, services, "a ClusterIP and a pod could be one address");
        Overlaps(clusters, underlays, "traffic to those nodes would go into the tunnel that needs them");
        Overlaps(podCidrs, services, "a ClusterIP and a pod of this node could be one address");
        Overlaps(underlays, services, "a ClusterIP and a node could be one address");
        return violations;

        void Overlaps(IEnumerable<Named> these, IEnumerable<Named> those, string consequence)
        {
            foreach (Named one in these)
            {
                foreach (Named other in those.Where(other => one.Prefix.Overlaps(other.Prefix)))
                    violations.Add($"{one} overlaps {other}: {consequence}");
            }
        }
    }

    /// <summary>
    /// The violation when a pod CIDR, this node's or a peer's, is not inside the cluster CIDR; null when it is.
    /// </summary>
    /// <param name="name">Its owner, for the message.</param>
    /// <param name="podCidr">The pod CIDR.</param>
    public string? CheckPodCidr(string name, IpPrefix podCidr)
    {
        string cidr = podCidr.Family == IpFamily.IPv4 ? Names.Cluster : Names.ClusterV6;
        return ClusterCidrOf(podCidr.Family) switch
        {
            null => $"{name} {podCidr} is outside the cluster CIDR: {cidr} is not set",
            { } cluster when cluster.Contains(podCidr) => null,
            { } cluster => $"{name} {podCidr} is outside the cluster CIDR {cidr} {cluster}",
        };
    }

    private static IEnumerable<Named> Present(params (string Key, IpPrefix? Prefix)[] prefixes)
    {
        foreach ((string key, IpPrefix? prefix) in prefixes)
        {
            if (prefix is { } present) yield return new(key, present);
        }
    }

    private readonly record struct Named(string Name, IpPrefix Prefix)
    {
        public override string ToString() => $"{Name} {Prefix}";
    }
}
