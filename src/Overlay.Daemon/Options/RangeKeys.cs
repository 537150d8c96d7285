using Overlay.ControlPlane.Leases;

namespace Overlay.Daemon.Options;

/// <summary>The configuration keys of the address plan, by which its messages name the ranges.</summary>
internal static class RangeKeys
{
    public static RangeNames Names { get; } = new(
        "Overlay:Network:Cidr", "Overlay:Network:CidrV6", "Overlay:Subnet", "Overlay:SubnetV6", "Overlay:ServiceCidrs",
        "the network of Overlay:Interface,");
}
