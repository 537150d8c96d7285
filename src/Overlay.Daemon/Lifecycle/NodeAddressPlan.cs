using Overlay.ControlPlane.Leases;
using Overlay.Daemon.Options;
using Overlay.Daemon.Underlay;

namespace Overlay.Daemon.Lifecycle;

/// <summary>
/// The address plan of this node: prefixes of the configuration and of the underlay, which must not meet.
/// </summary>
internal static class NodeAddressPlan
{
    private const string SoundPlan =
        "example: pods in 10.244.0.0/16, services in 10.96.0.0/12, nodes in 192.168.0.0/24";

    public static AddressPlan Of(OverlayOptions options, UnderlayInterface underlay) => new()
    {
        Names = RangeKeys.Names,
        ClusterCidr = options.Network.Cidr,
        ClusterCidrV6 = options.Network.CidrV6,
        Subnet = options.Subnet,
        SubnetV6 = options.SubnetV6,
        ServiceCidrs = options.ServiceCidrs,
        UnderlayNetworks = underlay.Networks,
    };

    /// <exception cref="ConfigurationException">Prefixes meet that must not.</exception>
    public static void Check(OverlayOptions options, UnderlayInterface underlay)
    {
        IReadOnlyList<string> violations = Of(options, underlay).Check();
        if (violations.Count > 0)
            throw new ConfigurationException([.. violations.Select(violation => $"{violation}; {SoundPlan}")]);
    }
}
