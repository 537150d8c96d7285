using Overlay.ControlPlane.Leases;
using Overlay.Dataplane.Forwarding;
using Overlay.Lab.Topology;
using Overlay.Wire.Values;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

public class LeaseReconcilerTableTests
{
    [Fact]
    public void TheFirstUpdatePublishesOwnPodCidrsEvenWithoutPeers()
    {
        ReconcilerFixture fixture = new(OwnDual);
        fixture.Table.ShouldBeSameAs(ForwardingTable.Empty);

        fixture.Snapshot();

        fixture.Table.Routes.ShouldBe(
            [new Route(Prefix("10.244.1.0/24"), null), new Route(Prefix("fd00:10:244:1::/64"), null)], ignoreOrder: true);
    }

    [Fact]
    public void BothDualStackEachFamilyGoesOverItsOwnVtep()
    {
        ReconcilerFixture fixture = new(OwnDual);
        fixture.Snapshot(Dual("b", 2));

        fixture.Routes.ShouldBe(
        [
            "10.244.2.0/24 b 192.168.77.2 02:00:00:00:00:02",
            "fd00:10:244:2::/64 b fd77::2 02:00:00:00:06:02",
        ]);
    }

    [Fact]
    public void WithoutAnIpv6UnderlayHereIpv6PodsGoOverIpv4()
    {
        ReconcilerFixture fixture = new(OwnDual with { PublicIpV6 = null, BackendV6Data = null });
        fixture.Snapshot(Dual("b", 2));

        fixture.Routes.ShouldBe(
        [
            "10.244.2.0/24 b 192.168.77.2 02:00:00:00:00:02",
            "fd00:10:244:2::/64 b 192.168.77.2 02:00:00:00:00:02",
        ]);
        fixture.Table.Fdb.Count.ShouldBe(1);
    }

    [Fact]
    public void WithoutAnIpv6UnderlayThereIpv6PodsGoOverIpv4()
    {
        ReconcilerFixture fixture = new(OwnDual);
        fixture.Snapshot(Dual("b", 2) with { PublicIpV6 = null, BackendV6Data = null });

        fixture.Routes[1].ShouldBe("fd00:10:244:2::/64 b 192.168.77.2 02:00:00:00:00:02");
    }

    [Fact]
    public void AnIpv6VtepAloneCarriesBothFamilies()
    {
        ReconcilerFixture fixture = new(OwnDual);
        fixture.Snapshot(Dual("b", 2) with { PublicIp = null, BackendData = null });

        fixture.Routes.ShouldBe(
        [
            "10.244.2.0/24 b fd77::2 02:00:00:00:06:02",
            "fd00:10:244:2::/64 b fd77::2 02:00:00:00:06:02",
        ]);
    }

    [Fact]
    public void AnIpv6VtepAloneTakesTheMacOfBackendDataWhenThatIsAllThereIs()
    {
        ReconcilerFixture fixture = new(OwnDual);
        fixture.Snapshot(Dual("b", 2) with { PublicIp = null, BackendV6Data = null });

        fixture.Routes.ShouldBe(
        [
            "10.244.2.0/24 b fd77::2 02:00:00:00:00:02",
            "fd00:10:244:2::/64 b fd77::2 02:00:00:00:00:02",
        ]);
    }

    [Fact]
    public void WithOnlyAnIpv6UnderlayHereADualPeerIsReachedOverIpv6()
    {
        ReconcilerFixture fixture = new(OwnIpv6);
        fixture.Snapshot(Dual("b", 2));

        fixture.Routes[0].ShouldBe("10.244.2.0/24 b fd77::2 02:00:00:00:06:02");
        fixture.Table.Fdb.Count.ShouldBe(1);
    }

    [Fact]
    public void AnIpv6VtepWithoutMacYetIsPassedOver()
    {
        ReconcilerFixture fixture = new(OwnDual);
        fixture.Snapshot(Dual("b", 2) with { BackendV6Data = new(new Vni(1), null) });

        fixture.Routes[1].ShouldBe("fd00:10:244:2::/64 b 192.168.77.2 02:00:00:00:00:02");
    }

    [Fact]
    public void FramesFromEitherAddressOfAPeerAreKnown()
    {
        ReconcilerFixture fixture = new(OwnDual);
        fixture.Snapshot(Dual("b", 2) with { SubnetV6 = null });

        fixture.Table.Fdb.TryFind(Address("192.168.77.2"), out _).ShouldBeTrue();
        fixture.Table.Fdb.TryFind(Address("fd77::2"), out RemoteVtep? other).ShouldBeTrue();
        fixture.Table.IsAllowedSource(other, Address("10.244.2.9").ToIpv4()).ShouldBeTrue();
        fixture.Table.IsAllowedSource(other, Address("10.244.3.9").ToIpv4()).ShouldBeFalse();
    }

    [Fact]
    public void OwnLeaseInAnUpdateIsSkipped()
    {
        ReconcilerFixture fixture = new();
        fixture.Snapshot(Own, Ipv4("b", 2));
        fixture.Add(Own);

        fixture.Reconciler.Peers.Peers.ShouldHaveSingleItem().Lease.Node.ShouldBe("b");
        fixture.Logger.Warnings.ShouldBeEmpty();
    }

    [Fact]
    public void AnUnchangedUpdatePublishesNothing()
    {
        ReconcilerFixture fixture = new();
        fixture.Snapshot(Ipv4("b", 2));
        ForwardingTable before = fixture.Table;

        fixture.Snapshot(Own, Ipv4("b", 2));
        fixture.Add(Ipv4("b", 2));
        fixture.Remove("nobody");
        fixture.Add(Ipv4("c", 3) with { BackendType = "host-gw" });

        fixture.Table.ShouldBeSameAs(before);
    }

    [Theory]
    [InlineData("10.244.9.0/24", "192.168.77.2", "02:00:00:00:00:02")]
    [InlineData("10.244.2.0/24", "192.168.77.9", "02:00:00:00:00:02")]
    [InlineData("10.244.2.0/24", "192.168.77.2", "02:00:00:00:00:09")]
    public void ANodeThatChangesItsLeaseMoves(string subnet, string address, string mac)
    {
        ReconcilerFixture fixture = new();
        fixture.Snapshot(Ipv4("b", 2), Ipv4("c", 3));

        fixture.Add(Ipv4("b", 2) with { Subnet = Prefix(subnet), PublicIp = Address(address), BackendData = Vtep(mac) });

        fixture.Routes.ShouldBe(
            [$"{subnet} b {address} {mac}", "10.244.3.0/24 c 192.168.77.3 02:00:00:00:00:03"], ignoreOrder: true);
        fixture.Table.Fdb.Count.ShouldBe(2);
    }

    [Fact]
    public void ASnapshotRemovesWhatItDoesNotName()
    {
        ReconcilerFixture fixture = new();
        fixture.Snapshot(Ipv4("b", 2), Ipv4("c", 3));
        fixture.Snapshot(Ipv4("c", 3));

        fixture.Routes.ShouldHaveSingleItem().ShouldStartWith("10.244.3.0/24 c");
        fixture.Reconciler.Peers.Peers.ShouldHaveSingleItem();
    }

    [Fact]
    public void TwoPeersMayExchangePrefixesInOneUpdate()
    {
        ReconcilerFixture fixture = new();
        fixture.Snapshot(Ipv4("b", 2), Ipv4("c", 3));
        fixture.Snapshot(Ipv4("b", 2) with { Subnet = Prefix("10.244.3.0/24") }, Ipv4("c", 3) with { Subnet = Prefix("10.244.2.0/24") });

        fixture.Accepted.ShouldBe(["b", "c"]);
        fixture.Routes[0].ShouldStartWith("10.244.2.0/24 c");
    }

    [Fact]
    public void OfAPeerThatDoesNotChangeTheTableKeepsTheVteps()
    {
        ReconcilerFixture fixture = new(OwnDual);
        fixture.Snapshot(Dual("b", 2), Ipv4("c", 3), Ipv4("e", 5));
        RemoteVtep[] before = [.. fixture.Table.Fdb.Rows.Where(static vtep => vtep.Node is "b" or "e")];

        fixture.Snapshot(Dual("b", 2), Ipv4("c", 7), Ipv4("d", 4), Ipv4("e", 5));
        fixture.Remove("c");

        RemoteVtep[] after = [.. fixture.Table.Fdb.Rows];
        before.Length.ShouldBe(3);
        before.ShouldAllBe(vtep => after.Any(other => ReferenceEquals(vtep, other)));
        after.Select(static vtep => vtep.Node).ShouldBe(["b", "b", "d", "e"], ignoreOrder: true);
    }

    [Fact]
    public void AnEventForEachOfTwoNodesThatExchangeAddressesIsNoContradiction()
    {
        ReconcilerFixture fixture = new();
        fixture.Snapshot(Ipv4("b", 2), Ipv4("c", 3));
        fixture.Add(Ipv4("b", 2) with { PublicIp = Address("192.168.77.3") }, Ipv4("c", 3) with { PublicIp = Address("192.168.77.2") });

        fixture.Routes.ShouldBe(
            ["10.244.2.0/24 b 192.168.77.3 02:00:00:00:00:02", "10.244.3.0/24 c 192.168.77.2 02:00:00:00:00:03"]);
    }

    [Fact]
    public void OfSeveralEventsForANodeTheLastCounts()
    {
        ReconcilerFixture fixture = new();
        fixture.Snapshot(Ipv4("b", 2), Ipv4("c", 3));
        ForwardingTable before = fixture.Table;

        fixture.Reconciler.Apply(new LeaseUpdate.Events(
        [
            new LeaseEvent.Removed("b"), new LeaseEvent.Added(Ipv4("c", 9)), new LeaseEvent.Added(Ipv4("b", 2)),
            new LeaseEvent.Added(Ipv4("d", 4)), new LeaseEvent.Removed("d"), new LeaseEvent.Added(Ipv4("c", 3)),
        ]));

        fixture.Table.ShouldBeSameAs(before);
        fixture.Accepted.ShouldBe(["b", "c"]);
    }

    [Fact]
    public void TheTimeOfTheLastUpdateIsKept()
    {
        ReconcilerFixture fixture = new();
        fixture.Reconciler.Peers.UpdatedAt.ShouldBeNull();

        fixture.Snapshot(Ipv4("b", 2));
        fixture.Time.Now += TimeSpan.FromSeconds(7);
        fixture.Snapshot(Ipv4("b", 2));

        fixture.Reconciler.Peers.UpdatedAt.ShouldBe(fixture.Time.Now);
    }

    [Fact]
    public void AnIpv6SubnetIsLeftOutWhereNoIpv6IsCarriedAndSaidSo()
    {
        ReconcilerFixture fixture = new(Own, Plan with { ClusterCidrV6 = null });
        fixture.Snapshot(Dual("b", 2));

        fixture.Routes.ShouldHaveSingleItem().ShouldStartWith("10.244.2.0/24 b");
        fixture.Peer("b").ShouldBe(new(Dual("b", 2), LeaseVerdict.Accepted,
            "node b's pod CIDR fd00:10:244:2::/64 is outside the cluster CIDR: Overlay:Network:CidrV6 is not set"));
    }

    [Fact]
    public void AnOwnLeaseWithoutVtepIsRefused()
    {
        _ = Should.Throw<ArgumentException>(() => new ReconcilerFixture(Own with { BackendData = null }));
        _ = Should.Throw<ArgumentException>(() => new ReconcilerFixture(Own with { BackendData = new(new Vni(1), null) }));
        _ = Should.Throw<ArgumentException>(() => new ReconcilerFixture(Own with { PublicIp = null }));
    }
}
