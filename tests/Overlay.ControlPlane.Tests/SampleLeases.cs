using System.Globalization;
using Overlay.ControlPlane.Leases;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Tests;

/// <summary>
/// Node "own" is us, node number n has 10.244.n.0/24 behind 192.168.77.n; a dual-stack one fd00:10:244:n::/64 behind
/// fd77::n too.
/// </summary>
internal static class SampleLeases
{
    public static readonly RangeNames Names = new(
        "Overlay:Network:Cidr", "Overlay:Network:CidrV6", "Overlay:Subnet", "Overlay:SubnetV6", "Overlay:ServiceCidrs",
        "the network of Overlay:Interface,");

    public static readonly AddressPlan Plan = new()
    {
        Names = Names,
        ClusterCidr = IpPrefix.Parse("10.244.0.0/16"),
        ClusterCidrV6 = IpPrefix.Parse("fd00:10:244::/48"),
    };

    public static Lease Own { get; } = Ipv4("own", 1);

    public static Lease OwnDual { get; } = Dual("own", 1);

    public static Lease OwnIpv6 { get; } = OwnDual with { PublicIp = null, BackendData = null };

    public static Lease Ipv4(string node, int number) => new()
    {
        Node = node,
        Subnet = Prefix("10.244.{0}.0/24", number),
        PublicIp = Address("192.168.77.{0}", number),
        BackendData = Vtep("02:00:00:00:00:{0:x2}", number),
    };

    public static Lease Dual(string node, int number) => Ipv4(node, number) with
    {
        SubnetV6 = Prefix("fd00:10:244:{0:x}::/64", number),
        PublicIpV6 = Address("fd77::{0:x}", number),
        BackendV6Data = Vtep("02:00:00:00:06:{0:x2}", number),
    };

    public static VtepData Vtep(string mac, int number = 0, uint vni = 1) =>
        new(new Vni(vni), MacAddress.Parse(Text(mac, number)));

    public static IpPrefix Prefix(string format, int number = 0) => IpPrefix.Parse(Text(format, number));

    public static IpAddress Address(string format, int number = 0) => IpAddress.Parse(Text(format, number));

    private static string Text(string format, int number) =>
        string.Format(CultureInfo.InvariantCulture, format, number);
}
