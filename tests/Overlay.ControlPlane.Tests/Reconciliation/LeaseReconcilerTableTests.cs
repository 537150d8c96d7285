using Overlay.ControlPlane.Leases;
using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

public class LeaseReconcilerTableTests
{
    [Fact]
    public void The_first_update_publishes_own_pod_CIDRs_even_without_peers()
    {
        ReconcilerFixture fixture = new(OwnDual);
        fixture.Table.ShouldBeSameAs(ForwardingTable.Empty);

        fixture.Snapshot();

        fixture.Table.Routes.ShouldBe(
            [new Route(Prefix("10.244.1.0/24"), null), new Route(Prefix("fd00:10:244:1::/64"), null)],
            ignoreOrder: true);
    }

    [Fact]
    public void Both_dual_stack_each_family_goes_over_its_own_VTEP()
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
    public void Without_an_IPv6_underlay_here_IPv6_pods_go_over_IPv4()
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
    public void Without_an_IPv6_underlay_there_IPv6_pods_go_over_IPv4()
    {
        ReconcilerFixture fixture = new(OwnDual);
        fixture.Snapshot(Dual("b", 2) with { PublicIpV6 = null, BackendV6Data = null });

        fixture.Routes[1].ShouldBe("fd00:10:244:2::/64 b 192.168.77.2 02:00:00:00:00:02");
    }

    [Fact]
    public void An_IPv6_VTEP_alone_carries_both_families()
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
    public void An_IPv6_VTEP_alone_takes_the_MAC_of_backend_data_when_that_is_all_there_is()
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
    public void With_only_an_IPv6_underlay_here_a_dual_peer_is_reached_over_IPv6()
    {
        ReconcilerFixture fixture = new(OwnIpv6);
        fixture.Snapshot(Dual("b", 2));

        fixture.Routes[0].ShouldBe("10.244.2.0/24 b fd77::2 02:00:00:00:06:02");
        fixture.Table.Fdb.Count.ShouldBe(1);
    }

    [Fact]
    public void An_IPv6_VTEP_without_MAC_yet_is_passed_over()
    {
        ReconcilerFixture fixture = new(OwnDual);
        fixture.Snapshot(Dual("b", 2) with { BackendV6Data = new(new Vni(1), null) });

        fixture.Routes[1].ShouldBe("fd00:10:244:2::/64 b 192.168.77.2 02:00:00:00:00:02");
    }

    [Fact]
    public void Frames_from_either_address_of_a_peer_are_known()
    {
        ReconcilerFixture fixture = new(OwnDual);
        fixture.Snapshot(Dual("b", 2) with { SubnetV6 = null });

        fixture.Table.Fdb.TryFind(Address("192.168.77.2"), out _).ShouldBeTrue();
        fixture.Table.Fdb.TryFind(Address("fd77::2"), out RemoteVtep? other).ShouldBeTrue();
        fixture.Table.IsAllowedSource(other, Address("10.244.2.9").ToIpv4()).ShouldBeTrue();
        fixture.Table.IsAllowedSource(other, Address("10.244.3.9").ToIpv4()).ShouldBeFalse();
    }

    [Fact]
    public void Own_lease_in_an_update_is_skipped()
    {
        ReconcilerFixture fixture = new();
        fixture.Snapshot(Own, Ipv4("b", 2));
        fixture.Add(Own);

        fixture.Reconciler.Peers.Peers.ShouldHaveSingleItem().Lease.Node.ShouldBe("b");
        fixture.Logger.Warnings.ShouldBeEmpty();
    }

    [Fact]
    public void An_unchanged_update_publishes_nothing()
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
    public void A_node_that_changes_its_lease_moves(string subnet, string address, string mac)
    {
        ReconcilerFixture fixture = new();
        fixture.Snapshot(Ipv4("b", 2), Ipv4("c", 3));

        fixture.Add(
            Ipv4("b", 2) with { Subnet = Prefix(subnet), PublicIp = Address(address), BackendData = Vtep(mac) });

        fixture.Routes.ShouldBe(
            [$"{subnet} b {address} {mac}", "10.244.3.0/24 c 192.168.77.3 02:00:00:00:00:03"], ignoreOrder: true);
        fixture.Table.Fdb.Count.ShouldBe(2);
    }

    [Fact]
    public void A_snapshot_removes_what_it_does_not_name()
    {
        ReconcilerFixture fixture = new();
        fixture.Snapshot(Ipv4("b", 2), Ipv4("c", 3));
        fixture.Snapshot(Ipv4("c", 3));

        fixture.Routes.ShouldHaveSingleItem().ShouldStartWith("10.244.3.0/24 c");
        fixture.Reconciler.Peers.Peers.ShouldHaveSingleItem();
    }

    [Fact]
    public void Two_peers_may_exchange_prefixes_in_one_update()
    {
        ReconcilerFixture fixture = new();
        fixture.Snapshot(Ipv4("b", 2), Ipv4("c", 3));
        fixture.Snapshot(Ipv4("b", 2)
            with
        { Subnet = Prefix("10.244.3.0/24") }, Ipv4("c", 3) with { Subnet = Prefix("10.244.2.0/24") });

        fixture.Accepted.ShouldBe(["b", "c"]);
        fixture.Routes[0].ShouldStartWith("10.244.2.0/24 c");
    }

    [Fact]
    public void Of_a_peer_that_does_not_change_the_table_keeps_the_VTEPs()
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
    public void An_event_for_each_of_two_nodes_that_exchange_addresses_is_no_contradiction()
    {
        ReconcilerFixture fixture = new();
        fixture.Snapshot(Ipv4("b", 2), Ipv4("c", 3));
        fixture.Add(Ipv4("b", 2)
            with
        { PublicIp = Address("192.168.77.3") }, Ipv4("c", 3) with { PublicIp = Address("192.168.77.2") });

        fixture.Routes.ShouldBe(
            ["10.244.2.0/24 b 192.168.77.3 02:00:00:00:00:02", "10.244.3.0/24 c 192.168.77.2 02:00:00:00:00:03"]);
    }

    [Fact]
    public void Of_several_events_for_a_node_the_last_counts()
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
    public void The_time_of_the_last_update_is_kept()
    {
        ReconcilerFixture fixture = new();
        fixture.Reconciler.Peers.UpdatedAt.ShouldBeNull();

        fixture.Snapshot(Ipv4("b", 2));
        fixture.Time.Now += TimeSpan.FromSeconds(7);
        fixture.Snapshot(Ipv4("b", 2));

        fixture.Reconciler.Peers.UpdatedAt.ShouldBe(fixture.Time.Now);
    }

    [Fact]
    public void An_IPv6_subnet_is_left_out_where_no_IPv6_is_carried_and_said_so()
    {
        ReconcilerFixture fixture = new(Own, Plan with { ClusterCidrV6 = null });
        fixture.Snapshot(Dual("b", 2));

        fixture.Routes.ShouldHaveSingleItem().ShouldStartWith("10.244.2.0/24 b");
        fixture.Peer("b").ShouldBe(new(Dual("b", 2), LeaseVerdict.Accepted,
            "node b's pod CIDR fd00:10:244:2::/64 is outside the cluster CIDR: Overlay:Network:CidrV6 is not set"));
    }

    [Fact]
    public void An_own_lease_without_VTEP_is_refused()
    {
        _ = Should.Throw<ArgumentException>(() => new ReconcilerFixture(Own with { BackendData = null }));
        _ = Should.Throw<ArgumentException>(
            () => new ReconcilerFixture(Own with { BackendData = new(new Vni(1), null) }));
        _ = Should.Throw<ArgumentException>(() => new ReconcilerFixture(Own with { PublicIp = null }));
    }
}
