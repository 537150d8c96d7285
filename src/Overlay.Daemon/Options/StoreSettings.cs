using Overlay.ControlPlane.Leases;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Options;

/// <summary>Completes the configuration by what the store says for all nodes, and for this one.</summary>
internal static class StoreSettings
{
    /// <param name="options">As configured.</param>
    /// <param name="settings">What the store says.</param>
    /// <param name="store">For messages: who says it.</param>
    /// <exception cref="ConfigurationException">The configuration contradicts the store.</exception>
    public static OverlayOptions Complete(OverlayOptions options, NodeSettings settings, StoreLocation store)
    {
        OverlayOptions completed = options with
        {
            PublicIp = settings.PublicIp ?? options.PublicIp,
            PublicIpV6 = settings.PublicIpV6 ?? options.PublicIpV6,
        };
        if (settings.Network is not { } network) return completed;
        List<string> faults = [];
        Compare(NetworkKeys.Cidr, options.Network.Cidr, network.Cidr);
        Compare(NetworkKeys.CidrV6, options.Network.CidrV6, network.CidrV6);
        Compare(NetworkKeys.SubnetLength, options.Network.SubnetLength, network.SubnetLength);
        Compare(NetworkKeys.SubnetLengthV6, options.Network.SubnetLengthV6, network.SubnetLengthV6);
        Compare(NetworkKeys.Vni, options.Network.Vni, network.Vni);
        Compare(NetworkKeys.Port, options.Network.Port, network.Port);
        if (faults.Count > 0) throw new ConfigurationException(faults);
        return completed with { Network = Merge(options.Network, network) };

        // The length of a family that has no pods means nothing, and neither does any where Kubernetes cuts up.
        void Compare<T>(NetworkKeys key, T configured, T said)
        {
            bool isCutElsewhere = options.ControlPlane.Kind == ControlPlaneKind.Kubernetes;
            bool isMoot = (key == NetworkKeys.SubnetLength && (isCutElsewhere || network.Cidr is null))
                || (key == NetworkKeys.SubnetLengthV6 && (isCutElsewhere || network.CidrV6 is null));
            if (options.Network.Given.HasFlag(key) && !isMoot && !Equals(configured, said))
                faults.Add(
                    $"Overlay:Network:{key} '{configured}' contradicts "
                    + $"{(said is null ? "the absence of it" : $"{said}")} in {store.Kind} {store.Place}, which holds "
                    + "for all nodes; example: leave the key out");
        }
    }

    /// <summary>
    /// The configuration with the pod CIDRs this node has now; those of a family without a cluster CIDR are of no use.
    /// </summary>
    /// <exception cref="ConfigurationException">A family that has a cluster CIDR has no pod CIDR.</exception>
    public static OverlayOptions Assign(OverlayOptions options, PodCidrs podCidrs)
    {
        OverlayOptions assigned = options with
        {
            Subnet = options.Network.Cidr is null ? null : podCidrs.Ipv4,
            SubnetV6 = options.Network.CidrV6 is null ? null : podCidrs.Ipv6,
        };
        List<string> faults = [];
        Check("Cidr", options.Network.Cidr, assigned.Subnet);
        Check("CidrV6", options.Network.CidrV6, assigned.SubnetV6);
        return faults.Count == 0 ? assigned : throw new ConfigurationException(faults);

        void Check(string key, IpPrefix? cluster, IpPrefix? podCidr)
        {
            if (cluster is not null && podCidr is null)
                faults.Add(
                    $"Overlay:Network:{key} '{cluster}' is for pods of a family of which the control plane gave node "
                    + $"{options.NodeName} no pod CIDR; example: leave the key out");
        }
    }

    // Whether a plain route will do is each node's own affair, and so is what its pods may send.
    private static NetworkOptions Merge(NetworkOptions configured, NetworkSettings said) => configured with
    {
        Cidr = said.Cidr,
        CidrV6 = said.CidrV6,
        SubnetLength = said.SubnetLength,
        SubnetLengthV6 = said.SubnetLengthV6,
        Vni = said.Vni,
        Port = said.Port,
        UnderlayMtu = said.UnderlayMtu,
        DirectRouting = configured.Given.HasFlag(NetworkKeys.DirectRouting)
            ? configured.DirectRouting
            : said.DirectRouting,
    };
}
