using Overlay.ControlPlane.Sources.Etcd.Keys;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Leases;

/// <summary>The ranges this node works with, and the rules between them. Immutable.</summary>
public sealed record AddressPlan
{
    private const string ClusterKey = "Overlay:Network:Cidr";
    private const string ClusterV6Key = "Overlay:Network:CidrV6";
    private const string SubnetKey = "Overlay:Subnet";
    private const string SubnetV6Key = "Overlay:SubnetV6";
    private const string ServiceKey = "Overlay:ServiceCidrs";
    private const string UnderlayName = "the network of Overlay:Interface,";

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

    /// <summary>Every rule that is broken, naming both prefixes and the keys they come from; empty when all hold.</summary>
    public IReadOnlyList<string> Check()
    {
        List<string> violations = [];
        IEnumerable<Named> clusters = Present((ClusterKey, ClusterCidr), (ClusterV6Key, ClusterCidrV6));
        IEnumerable<Named> podCidrs = Present((SubnetKey, Subnet), (SubnetV6Key, SubnetV6));
        IEnumerable<Named> services = ServiceCidrs.Select(static prefix => new Named(ServiceKey, prefix));
        IEnumerable<Named> underlays = UnderlayNetworks.Select(static prefix => new Named(UnderlayName, prefix));

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

    /// <summary>The violation when a pod CIDR, this node's or a peer's, is not inside the cluster CIDR; null when it is.</summary>
    /// <param name="name">Whose it is, as the message is to say it.</param>
    /// <param name="podCidr">The pod CIDR.</param>
    public string? CheckPodCidr(string name, IpPrefix podCidr)
    {
        string key = podCidr.Family == IpFamily.IPv4 ? ClusterKey : ClusterV6Key;
        return ClusterCidrOf(podCidr.Family) switch
        {
            null => $"{name} {podCidr} is outside the cluster CIDR: {key} is not set",
            { } cluster when cluster.Contains(podCidr) => null,
            { } cluster => $"{name} {podCidr} is outside the cluster CIDR {key} {cluster}",
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
