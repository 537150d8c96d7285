using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.Wire.Values;
using static Overlay.ControlPlane.Tests.ReconcilerFixture;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

public class LeaseReconcilerRefusalTests
{
    [Fact]
    public void Pod_CIDR_outside_the_cluster_CIDR() =>
        RefusalOf(Ipv4("b", 2) with { Subnet = Prefix("10.245.2.0/24") })
            .ShouldBe("node b's pod CIDR 10.245.2.0/24 is outside the cluster CIDR Overlay:Network:Cidr 10.244.0.0/16");

    [Fact]
    public void Only_pod_CIDRs_of_a_family_not_carried() =>
        RefusalOf(Dual("b", 2) with { Subnet = null }, Own, Plan with { ClusterCidrV6 = null })
            .ShouldContain("Overlay:Network:CidrV6 is not set");

    [Fact]
    public void Pod_CIDR_overlapping_our_own() =>
        RefusalOf(Ipv4("b", 2) with { Subnet = Prefix("10.244.1.128/25") })
            .ShouldBe("pod CIDR 10.244.1.128/25 of node b overlaps 10.244.1.0/24 of this node own");

    [Fact]
    public void Pod_CIDR_overlapping_the_service_CIDR() =>
        RefusalOf(Ipv4("b", 2)
            with
        { Subnet = Prefix("10.96.7.0/24") }, plan: Plan with { ServiceCidrs = [Prefix("10.96.0.0/12")] })
            .ShouldBe(
                "pod CIDR 10.96.7.0/24 of node b overlaps the service CIDR Overlay:ServiceCidrs 10.96.0.0/12: a "
                + "ClusterIP and a pod could be one address");

    [Fact]
    public void Public_address_that_is_our_own() =>
        RefusalOf(Ipv4("b", 2) with { PublicIp = Own.PublicIp })
            .ShouldBe("public address 192.168.77.1 of node b is also that of this node own");

    [Fact]
    public void Public_address_inside_the_cluster_CIDR() =>
        RefusalOf(Ipv4("b", 2) with { PublicIp = Address("10.244.7.7") })
            .ShouldBe(
                "public address 10.244.7.7 of node b is inside the cluster CIDR 10.244.0.0/16: the tunnel would run "
                + "through itself");

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("127.0.0.1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    public void Public_address_nothing_can_be_sent_to(string address) =>
        RefusalOf(Ipv4("b", 2) with { PublicIp = Address(address) })
            .ShouldStartWith($"public address {address} of node b is no address");

    [Theory]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("fe80::1")]
    [InlineData("ff02::1")]
    public void Public_IPv6_address_nothing_can_be_sent_to(string address) =>
        RefusalOf(Dual("b", 2) with { PublicIpV6 = Address(address) }, OwnDual)
            .ShouldStartWith($"public address {address} of node b is no address");

    [Fact]
    public void Another_VNI()
    {
        RefusalOf(Ipv4("b", 2) with { BackendData = Vtep("02:00:00:00:00:02", vni: 7) })
            .ShouldBe("node b has VNI 7, this node own has 1");
        RefusalOf(Dual("b", 2) with { BackendV6Data = Vtep("02:00:00:00:06:02", vni: 8) }, OwnDual)
            .ShouldBe("node b has VNI 8, this node own has 1");
    }

    [Fact]
    public void A_VNI_that_flannel_before_0_24_has_cut_to_16_bits()
    {
        Lease own = Own with { BackendData = Vtep("02:00:00:00:00:01", vni: 70_000) };
        RefusalOf(Ipv4("b", 2) with { BackendData = Vtep("02:00:00:00:00:02", vni: 70_000 - 65_536) }, own)
            .ShouldBe(
                "node b has VNI 4464, this node own has 70000: flannel < 0.24 cannot carry VNI 70000; update flannel "
                + "there, or give the network a VNI up to 65535");
        RefusalOf(Ipv4("b", 2) with { BackendData = Vtep("02:00:00:00:00:02", vni: 4465) }, own)
            .ShouldBe("node b has VNI 4465, this node own has 70000");
    }

    [Fact]
    public void A_lease_without_a_VNI_is_taken_with_this_nodes_own()
    {
        ReconcilerFixture fixture = new(Own with { BackendData = Vtep("02:00:00:00:00:01", vni: 70_000) });
        fixture.Snapshot(Ipv4("b", 2) with { BackendData = new(null, MacAddress.Parse("02:00:00:00:00:02")) });
        fixture.Accepted.ShouldBe(["b"]);
        fixture.Routes.ShouldBe(["10.244.2.0/24 b 192.168.77.2 02:00:00:00:00:02"]);
    }

    [Fact]
    public void Another_backend() =>
        RefusalOf(Ipv4("b", 2) with { BackendType = "host-gw", BackendData = null })
            .ShouldBe("node b has backend type host-gw, this node own has vxlan");

    [Theory]
    [InlineData("00:00:00:00:00:00", "is no unicast MAC")]
    [InlineData("01:00:5e:00:00:01", "is no unicast MAC")]
    [InlineData("ff:ff:ff:ff:ff:ff", "is no unicast MAC")]
    [InlineData("02:00:00:00:00:01", "is also that of this node own")]
    public void A_MAC_no_peer_can_have(string mac, string reason)
    {
        RefusalOf(Ipv4("b", 2) with { BackendData = Vtep(mac) }).ShouldStartWith($"VTEP MAC {mac} of node b {reason}");
        RefusalOf(Dual("b", 2) with { BackendV6Data = Vtep(mac) }, OwnDual)
            .ShouldStartWith($"VTEP MAC {mac} of node b {reason}");
    }

    [Fact]
    public void A_MAC_of_ours_names_the_file_and_the_mend()
    {
        string reason = RefusalOf(Ipv4("b", 2) with { BackendData = Vtep("02:00:00:00:00:01") });
        reason.ShouldContain("into vtep.json in the state directory (/var/lib/overlay) and restart overlayd");
        reason.ShouldMatch("""write another, such as \{"VtepMAC":"02:00:00:(?!00:00:01)..:..:.."\}""");
    }

    [Fact]
    public void No_common_underlay()
    {
        RefusalOf(Dual("b", 2) with { PublicIp = null, BackendData = null })
            .ShouldBe("node b has only an IPv6 VTEP (fd77::2), this node own only an IPv4 underlay (192.168.77.1)");
        RefusalOf(Ipv4("b", 2), OwnIpv6)
            .ShouldBe("node b has only an IPv4 VTEP (192.168.77.2), this node own only an IPv6 underlay (fd77::1)");
    }

    [Fact]
    public void An_empty_MAC_is_not_ready_and_no_error()
    {
        ReconcilerFixture fixture = new();
        fixture.Snapshot(Ipv4("b", 2) with { BackendData = new(new Vni(1), null) });

        fixture.Peer("b").Verdict.ShouldBe(LeaseVerdict.NotReady);
        fixture.Peer("b").Reason.ShouldBe("node b has no VTEP MAC yet");
        fixture.Routes.ShouldBeEmpty();
        fixture.Logger.Warnings.ShouldBeEmpty();

        fixture.Snapshot(Ipv4("b", 2));
        fixture.Peer("b").ShouldBe(new(Ipv4("b", 2), LeaseVerdict.Accepted, null));
    }

    [Fact]
    public void A_partial_lease_is_not_ready()
    {
        ReconcilerFixture fixture = new(OwnDual);
        fixture.Snapshot(
            Ipv4("no-subnet", 2) with { Subnet = null }, Ipv4("no-address", 3) with { PublicIp = null },
            Ipv4("no-data", 4) with { BackendData = null },
            Dual("no-v4-mac", 5) with { BackendData = new(new Vni(1), null) });

        fixture.Reconciler.Peers.Peers.ShouldAllBe(
            peer => peer.Verdict == LeaseVerdict.NotReady && peer.Reason != null);
        fixture.Routes.ShouldBeEmpty();
    }

    [Fact]
    public void A_refusal_is_logged_once_and_when_it_ends()
    {
        ReconcilerFixture fixture = new();
        Lease bad = Ipv4("b", 2) with { BackendType = "host-gw" };
        fixture.Snapshot(bad);
        fixture.Snapshot(bad, Ipv4("c", 3));
        fixture.Add(Ipv4("d", 4));

        fixture.Logger.Warnings.ShouldHaveSingleItem()
            .ShouldBe(
                "Lease of b (10.244.2.0/24) is refused: node b has backend type host-gw, this node own has vxlan");

        fixture.Add(bad with { BackendType = "udp" });
        fixture.Logger.Warnings.Count.ShouldBe(2);

        fixture.Add(Ipv4("b", 2));
        fixture.Logger.Of(LogLevel.Information)
            .ShouldContain(
                "Lease of b is accepted now; it was not: node b has backend type udp, this node own has vxlan");
    }

    [Fact]
    public void A_refused_lease_that_goes_away_is_logged()
    {
        ReconcilerFixture fixture = new();
        fixture.Snapshot(Ipv4("b", 2) with { BackendType = "udp" });
        fixture.Remove("b");

        fixture.Logger.Of(LogLevel.Information).ShouldContain(line => line.StartsWith("Lease of b is gone"));
    }
}
