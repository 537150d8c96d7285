using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;
using static Overlay.ControlPlane.Tests.ReconcilerFixture;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

public class LeaseReconcilerRefusalTests
{
    [Fact]
    public void PodCidrOutsideTheClusterCidr() =>
        RefusalOf(Ipv4("b", 2) with { Subnet = Prefix("10.245.2.0/24") })
            .ShouldBe("node b's pod CIDR 10.245.2.0/24 is outside the cluster CIDR Overlay:Network:Cidr 10.244.0.0/16");

    [Fact]
    public void OnlyPodCidrsOfAFamilyNotCarried() =>
        RefusalOf(Dual("b", 2) with { Subnet = null }, Own, Plan with { ClusterCidrV6 = null }).ShouldContain("Overlay:Network:CidrV6 is not set");

    [Fact]
    public void PodCidrOverlappingOurOwn() =>
        RefusalOf(Ipv4("b", 2) with { Subnet = Prefix("10.244.1.128/25") })
            .ShouldBe("pod CIDR 10.244.1.128/25 of node b overlaps 10.244.1.0/24 of this node own");

    [Fact]
    public void PodCidrOverlappingTheServiceCidr() =>
        RefusalOf(Ipv4("b", 2) with { Subnet = Prefix("10.96.7.0/24") }, plan: Plan with { ServiceCidrs = [Prefix("10.96.0.0/12")] })
            .ShouldBe("pod CIDR 10.96.7.0/24 of node b overlaps the service CIDR Overlay:ServiceCidrs 10.96.0.0/12: a ClusterIP and a pod could be one address");

    [Fact]
    public void PublicAddressThatIsOurOwn() =>
        RefusalOf(Ipv4("b", 2) with { PublicIp = Own.PublicIp })
            .ShouldBe("public address 192.168.77.1 of node b is also that of this node own");

    [Fact]
    public void PublicAddressInsideTheClusterCidr() =>
        RefusalOf(Ipv4("b", 2) with { PublicIp = Address("10.244.7.7") })
            .ShouldBe("public address 10.244.7.7 of node b is inside the cluster CIDR 10.244.0.0/16: the tunnel would run through itself");

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("127.0.0.1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    public void PublicAddressNothingCanBeSentTo(string address) =>
        RefusalOf(Ipv4("b", 2) with { PublicIp = Address(address) }).ShouldStartWith($"public address {address} of node b is no address");

    [Theory]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("fe80::1")]
    [InlineData("ff02::1")]
    public void PublicIpv6AddressNothingCanBeSentTo(string address) =>
        RefusalOf(Dual("b", 2) with { PublicIpV6 = Address(address) }, OwnDual).ShouldStartWith($"public address {address} of node b is no address");

    [Fact]
    public void AnotherVni()
    {
        RefusalOf(Ipv4("b", 2) with { BackendData = Vtep("02:00:00:00:00:02", vni: 7) }).ShouldBe("node b has VNI 7, this node own has 1");
        RefusalOf(Dual("b", 2) with { BackendV6Data = Vtep("02:00:00:00:06:02", vni: 8) }, OwnDual).ShouldBe("node b has VNI 8, this node own has 1");
    }

    [Fact]
    public void AnotherBackend() =>
        RefusalOf(Ipv4("b", 2) with { BackendType = "host-gw", BackendData = null })
            .ShouldBe("node b has backend type host-gw, this node own has vxlan");

    [Theory]
    [InlineData("00:00:00:00:00:00", "is no unicast MAC")]
    [InlineData("01:00:5e:00:00:01", "is no unicast MAC")]
    [InlineData("ff:ff:ff:ff:ff:ff", "is no unicast MAC")]
    [InlineData("02:00:00:00:00:01", "is also that of this node own")]
    public void AMacNoPeerCanHave(string mac, string reason)
    {
        RefusalOf(Ipv4("b", 2) with { BackendData = Vtep(mac) }).ShouldStartWith($"VTEP MAC {mac} of node b {reason}");
        RefusalOf(Dual("b", 2) with { BackendV6Data = Vtep(mac) }, OwnDual).ShouldStartWith($"VTEP MAC {mac} of node b {reason}");
    }

    [Fact]
    public void NoCommonUnderlay()
    {
        RefusalOf(Dual("b", 2) with { PublicIp = null, BackendData = null })
            .ShouldBe("node b has only an IPv6 VTEP (fd77::2), this node own only an IPv4 underlay (192.168.77.1)");
        RefusalOf(Ipv4("b", 2), OwnIpv6)
            .ShouldBe("node b has only an IPv4 VTEP (192.168.77.2), this node own only an IPv6 underlay (fd77::1)");
    }

    [Fact]
    public void AnEmptyMacIsNotReadyAndNoError()
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
    public void APartialLeaseIsNotReady()
    {
        ReconcilerFixture fixture = new(OwnDual);
        fixture.Snapshot(
            Ipv4("no-subnet", 2) with { Subnet = null }, Ipv4("no-address", 3) with { PublicIp = null },
            Ipv4("no-data", 4) with { BackendData = null }, Dual("no-v4-mac", 5) with { BackendData = new(new Vni(1), null) });

        fixture.Reconciler.Peers.Peers.ShouldAllBe(peer => peer.Verdict == LeaseVerdict.NotReady && peer.Reason != null);
        fixture.Routes.ShouldBeEmpty();
    }

    [Fact]
    public void ARefusalIsLoggedOnceAndWhenItEnds()
    {
        ReconcilerFixture fixture = new();
        Lease bad = Ipv4("b", 2) with { BackendType = "host-gw" };
        fixture.Snapshot(bad);
        fixture.Snapshot(bad, Ipv4("c", 3));
        fixture.Add(Ipv4("d", 4));

        fixture.Logger.Warnings.ShouldHaveSingleItem()
            .ShouldBe("Lease of b (10.244.2.0/24) is refused: node b has backend type host-gw, this node own has vxlan");

        fixture.Add(bad with { BackendType = "udp" });
        fixture.Logger.Warnings.Count.ShouldBe(2);

        fixture.Add(Ipv4("b", 2));
        fixture.Logger.Of(LogLevel.Information)
            .ShouldContain("Lease of b is accepted now; it was not: node b has backend type udp, this node own has vxlan");
    }

    [Fact]
    public void ARefusedLeaseThatGoesAwayIsLogged()
    {
        ReconcilerFixture fixture = new();
        fixture.Snapshot(Ipv4("b", 2) with { BackendType = "udp" });
        fixture.Remove("b");

        fixture.Logger.Of(LogLevel.Information).ShouldContain(line => line.StartsWith("Lease of b is gone"));
    }
}
