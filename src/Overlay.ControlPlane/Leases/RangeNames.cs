namespace Overlay.ControlPlane.Leases;

/// <summary>
/// The names of an <see cref="AddressPlan"/>'s ranges in messages: of its configuration keys, where it comes from a
/// configuration. Immutable.
/// </summary>
public sealed record RangeNames(
    string Cluster, string ClusterV6, string Subnet, string SubnetV6, string Services, string Underlay)
{
    public static RangeNames Plain { get; } =
        new("Cidr", "CidrV6", "Subnet", "SubnetV6", "ServiceCidrs", "the underlay network");
}
