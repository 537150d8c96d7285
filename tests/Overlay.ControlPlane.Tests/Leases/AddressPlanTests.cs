using Overlay.ControlPlane.Leases;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Tests;

public class AddressPlanTests
{
    private static readonly AddressPlan _sound = new()
    {
        Names = SampleLeases.Names,
        ClusterCidr = IpPrefix.Parse("10.244.0.0/16"),
        ClusterCidrV6 = IpPrefix.Parse("fd00:10:244::/56"),
        Subnet = IpPrefix.Parse("10.244.1.0/24"),
        SubnetV6 = IpPrefix.Parse("fd00:10:244:1::/64"),
        ServiceCidrs = [IpPrefix.Parse("10.96.0.0/12"), IpPrefix.Parse("fd00:10:96::/112")],
        UnderlayNetworks = [IpPrefix.Parse("192.168.77.0/24"), IpPrefix.Parse("fd77::/64")],
    };

    [Fact]
    public void A_sound_plan_has_no_violations() => _sound.Check().ShouldBeEmpty();

    [Fact]
    public void One_family_alone_is_sound() =>
        (_sound with { ClusterCidrV6 = null, SubnetV6 = null }).Check().ShouldBeEmpty();

    [Fact]
    public void Own_pod_CIDR_outside_the_cluster_CIDR()
    {
        (_sound with { Subnet = IpPrefix.Parse("10.245.1.0/24") }).Check().ShouldHaveSingleItem()
            .ShouldBe("Overlay:Subnet 10.245.1.0/24 is outside the cluster CIDR Overlay:Network:Cidr 10.244.0.0/16");
        (_sound with { SubnetV6 = IpPrefix.Parse("fd01::/64") }).Check().ShouldHaveSingleItem()
            .ShouldBe("Overlay:SubnetV6 fd01::/64 is outside the cluster CIDR Overlay:Network:CidrV6 fd00:10:244::/56");
    }

    [Fact]
    public void A_pod_CIDR_larger_than_the_cluster_CIDR_is_outside() =>
        (_sound with { Subnet = IpPrefix.Parse("10.0.0.0/8"), ServiceCidrs = [] }).Check().ShouldHaveSingleItem()
            .ShouldStartWith("Overlay:Subnet 10.0.0.0/8 is outside");

    [Fact]
    public void Own_pod_CIDR_of_a_family_without_cluster_CIDR() =>
        (_sound with { ClusterCidrV6 = null }).Check().ShouldHaveSingleItem()
            .ShouldBe(
                "Overlay:SubnetV6 fd00:10:244:1::/64 is outside the cluster CIDR: Overlay:Network:CidrV6 is not set");

    [Fact]
    public void Cluster_CIDR_overlapping_a_service_CIDR() =>
        (_sound with { ServiceCidrs = [IpPrefix.Parse("10.244.128.0/20")] }).Check().ShouldHaveSingleItem()
            .ShouldStartWith("Overlay:Network:Cidr 10.244.0.0/16 overlaps Overlay:ServiceCidrs 10.244.128.0/20: ");

    [Fact]
    public void Cluster_CIDR_overlapping_the_underlay() =>
        (_sound with { UnderlayNetworks = [IpPrefix.Parse("fd00::/16")], ServiceCidrs = [] })
            .Check().ShouldHaveSingleItem()
            .ShouldStartWith(
                "Overlay:Network:CidrV6 fd00:10:244::/56 overlaps the network of Overlay:Interface, fd00::/16: ");

    [Fact]
    public void Underlay_overlapping_a_service_CIDR() =>
        (_sound with { UnderlayNetworks = [IpPrefix.Parse("10.100.0.0/16")] }).Check().ShouldHaveSingleItem()
            .ShouldStartWith(
                "the network of Overlay:Interface, 10.100.0.0/16 overlaps Overlay:ServiceCidrs 10.96.0.0/12: ");

    [Fact]
    public void Every_violation_is_told()
    {
        IReadOnlyList<string> violations = (_sound with { ServiceCidrs = [IpPrefix.Parse("10.244.1.0/25")] }).Check();

        violations.Count.ShouldBe(2);
        violations[0].ShouldStartWith("Overlay:Network:Cidr 10.244.0.0/16 overlaps Overlay:ServiceCidrs 10.244.1.0/25");
        violations[1].ShouldStartWith("Overlay:Subnet 10.244.1.0/24 overlaps Overlay:ServiceCidrs 10.244.1.0/25");
    }
}
