using Overlay.ControlPlane.Leases;
using Overlay.Dataplane.Forwarding;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

/// <summary>The node's own addresses or pod CIDRs change while it runs.</summary>
public class LeaseReconcilerRebaseTests
{
    [Fact]
    public void Other_pod_CIDRs_of_ours_are_local_and_peers_stay()
    {
        ReconcilerFixture fixture = new();
        fixture.Snapshot(Ipv4("b", 2));
        fixture.Reconciler.Rebase(Own with { Subnet = Prefix("10.244.9.0/24") }, Plan);

        fixture.Table.Routes.Where(static route => route.IsLocal)
            .ShouldHaveSingleItem().Prefix.ShouldBe(Prefix("10.244.9.0/24"));
        fixture.Routes.ShouldHaveSingleItem().ShouldStartWith("10.244.2.0/24 b");
        fixture.Remove("b");
        fixture.Routes.ShouldBeEmpty();
        fixture.Table.Fdb.Count.ShouldBe(0);
    }

    [Fact]
    public void A_peer_that_was_refused_for_our_sake_is_accepted_and_one_that_stands_in_our_new_place_is_refused()
    {
        ReconcilerFixture fixture = new();
        fixture.Snapshot(Ipv4("old", 2) with { PublicIp = Own.PublicIp }, Ipv4("next", 9));
        fixture.Accepted.ShouldBe(["next"]);

        fixture.Reconciler.Rebase(Own with { PublicIp = Address("192.168.77.9") }, Plan);
        fixture.Accepted.ShouldBe(["old"]);
        fixture.Peer("next").Reason.ShouldBe("public address 192.168.77.9 of node next is also that of this node own");
        fixture.Routes.ShouldHaveSingleItem().ShouldStartWith("10.244.2.0/24 old 192.168.77.1");
    }

    [Fact]
    public void An_underlay_that_is_new_is_used_at_once()
    {
        ReconcilerFixture fixture = new(Own);
        fixture.Snapshot(Dual("b", 2));
        fixture.Routes.ShouldContain("fd00:10:244:2::/64 b 192.168.77.2 02:00:00:00:00:02");
        fixture.Reconciler.Rebase(OwnDual, Plan);
        fixture.Routes.ShouldContain("fd00:10:244:2::/64 b fd77::2 02:00:00:00:06:02");
    }

    [Fact]
    public void Who_came_first_still_comes_first()
    {
        ReconcilerFixture fixture = new();
        fixture.Snapshot(Ipv4("z", 2));
        fixture.Add(Ipv4("a", 3) with { Subnet = Prefix("10.244.2.0/24") });
        fixture.Accepted.ShouldBe(["z"]);
        fixture.Reconciler.Rebase(Own with { PublicIp = Address("192.168.77.99") }, Plan);
        fixture.Accepted.ShouldBe(["z"]);
        fixture.Remove("z");
        fixture.LetTheGraceEnd();
        fixture.Accepted.ShouldBe(["a"]);
    }

    [Fact]
    public void Before_the_first_update_there_is_no_table_to_replace()
    {
        ReconcilerFixture fixture = new();
        ForwardingTable before = fixture.Table;
        fixture.Reconciler.Rebase(Own with { Subnet = Prefix("10.244.9.0/24") }, Plan);
        fixture.Table.ShouldBeSameAs(before);
        fixture.Snapshot(Ipv4("b", 2));
        fixture.Table.Routes.Where(static route => route.IsLocal)
            .ShouldHaveSingleItem().Prefix.ShouldBe(Prefix("10.244.9.0/24"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_change_of_one_family_alone_is_applied(bool ofIpv4)
    {
        ReconcilerFixture fixture = new(OwnDual);
        fixture.Snapshot(Dual("b", 2));
        Lease moved = ofIpv4
            ? Dual("b", 2) with { PublicIp = Address("192.168.77.22"), BackendData = Vtep("02:00:00:00:00:22") }
            : Dual("b", 2) with { PublicIpV6 = Address("fd77::22"), BackendV6Data = Vtep("02:00:00:00:06:22") };
        fixture.Add(moved);
        fixture.Routes.ShouldBe(ofIpv4
            ? ["10.244.2.0/24 b 192.168.77.22 02:00:00:00:00:22", "fd00:10:244:2::/64 b fd77::2 02:00:00:00:06:02"]
            : ["10.244.2.0/24 b 192.168.77.2 02:00:00:00:00:02", "fd00:10:244:2::/64 b fd77::22 02:00:00:00:06:22"]);
        fixture.Table.Fdb.Count.ShouldBe(2);

        fixture.Snapshot(Dual("b", 2) with
        {
            Subnet = ofIpv4 ? Prefix("10.244.20.0/24") : Prefix(
            "10.244.2.0/24"),
            SubnetV6 = Prefix(ofIpv4 ? "fd00:10:244:2::/64" : "fd00:10:244:20::/64")
        });
        fixture.Routes.Count.ShouldBe(2);
        fixture.Routes.ShouldContain(route => route.StartsWith(ofIpv4 ? "10.244.20.0/24 b" : "fd00:10:244:20::/64 b"));
    }
}
