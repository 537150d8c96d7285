using Overlay.ControlPlane.Reconciliation;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

public class LeaseReconcilerClaimTests
{
    private readonly ReconcilerFixture _fixture = new(OwnDual);

    [Fact]
    public void The_first_holder_of_a_pod_CIDR_wins_whatever_its_name()
    {
        _fixture.Add(Ipv4("z", 2));
        _fixture.Add(Ipv4("b", 3) with { Subnet = Prefix("10.244.2.128/25") });

        _fixture.Accepted.ShouldBe(["z"]);
        _fixture.Peer("b").Reason.ShouldBe(
            "pod CIDR 10.244.2.128/25 of node b overlaps 10.244.2.0/24 of node z, which comes first");
    }

    [Fact]
    public void The_first_holder_of_a_public_address_wins()
    {
        _fixture.Add(Ipv4("z", 2));
        _fixture.Add(Ipv4("b", 3) with { PublicIp = Address("192.168.77.2") });

        _fixture.Peer(
            "b").Reason.ShouldBe("public address 192.168.77.2 of node b is also that of node z, which comes first");
    }

    [Fact]
    public void IPv6_claims_count_as_much()
    {
        _fixture.Add(Dual("z", 2));
        _fixture.Add(Dual("b", 3) with { SubnetV6 = Prefix("fd00:10:244:2::/63") });
        _fixture.Add(Dual("c", 4) with { PublicIpV6 = Address("fd77::2") });

        _fixture.Accepted.ShouldBe(["z"]);
        _fixture.Peer("b").Reason.ShouldBe(
            "pod CIDR fd00:10:244:2::/63 of node b overlaps fd00:10:244:2::/64 of node z, which comes first");
        _fixture.Peer(
            "c").Reason.ShouldBe("public address fd77::2 of node c is also that of node z, which comes first");
    }

    [Fact]
    public void Within_one_snapshot_the_name_decides()
    {
        _fixture.Snapshot(Ipv4("c", 3) with { Subnet = Prefix("10.244.2.0/24") }, Ipv4("b", 2));

        _fixture.Accepted.ShouldBe(["b"]);
    }

    [Fact]
    public void When_the_holder_goes_the_one_that_waited_longest_takes_over()
    {
        _fixture.Add(Ipv4("b", 2));
        _fixture.Add(Ipv4("z", 3) with { Subnet = Prefix("10.244.2.0/24") });
        _fixture.Add(Ipv4("c", 4) with { Subnet = Prefix("10.244.2.0/24") });
        _fixture.Remove("b");
        _fixture.LetTheGraceEnd();

        _fixture.Accepted.ShouldBe(["z"]);
        _fixture.Peer("c").Reason.ShouldNotBeNull().ShouldContain("of node z");
    }

    [Fact]
    public void A_holder_that_restarts_gets_back_what_others_wait_for()
    {
        _fixture.Add(Dual("b", 2));
        _fixture.Add(Dual("z", 3)
            with
        { Subnet = Prefix("10.244.2.0/24") }, Dual("y", 4) with { PublicIpV6 = Address("fd77::2") });
        _fixture.Remove("b");

        _fixture.Accepted.ShouldBeEmpty();
        _fixture.Routes.ShouldBeEmpty();
        _fixture.Peer("z").Reason.ShouldBe(
            "pod CIDR 10.244.2.0/24 of node z overlaps 10.244.2.0/24 of node b, for which it is kept a while, should "
            + "it only have restarted");
        _fixture.Peer("y").Reason.ShouldNotBeNull().ShouldContain("kept a while");
        _fixture.Reconciler.ReconsiderIn.ShouldBe(LeaseReconciler.ClaimGrace);

        // Updates about others change nothing of that, nor do newcomers get between.
        _fixture.Time.Now += LeaseReconciler.ClaimGrace - TimeSpan.FromSeconds(1);
        _fixture.Add(Ipv4("c", 7), Ipv4("a", 8) with { Subnet = Prefix("10.244.2.0/25") });
        _fixture.Accepted.ShouldBe(["c"]);
        _fixture.Add(Dual("b", 2));

        _fixture.Accepted.ShouldBe(["b", "c"]);
        _fixture.Reconciler.ReconsiderIn.ShouldBeNull();
        _fixture.Time.Now += LeaseReconciler.ClaimGrace;
        _fixture.Add(Ipv4("d", 9));
        _fixture.Accepted.ShouldBe(["b", "c", "d"]);
    }

    [Fact]
    public void Where_a_lease_outlives_a_stop_nothing_is_kept_of_one_that_is_gone()
    {
        ReconcilerFixture fixture = new(claimGrace: TimeSpan.Zero);
        fixture.Add(Ipv4("b", 2));
        fixture.Add(Ipv4("z", 3) with { Subnet = Prefix("10.244.2.0/24") });
        fixture.Remove("b");

        fixture.Accepted.ShouldBe(["z"]);
        fixture.Reconciler.ReconsiderIn.ShouldBeNull();
    }

    [Fact]
    public void Any_update_after_the_grace_gives_what_was_kept_away()
    {
        _fixture.Add(Ipv4("b", 2));
        _fixture.Add(Ipv4("z", 3) with { Subnet = Prefix("10.244.2.0/24") });
        _fixture.Remove("b");
        _fixture.Time.Now += LeaseReconciler.ClaimGrace;
        _fixture.Add(Ipv4("c", 7));

        _fixture.Accepted.ShouldBe(["c", "z"]);
    }

    [Fact]
    public void What_nobody_waits_for_is_free_at_once()
    {
        _fixture.Snapshot(Ipv4("b", 2), Ipv4("c", 3));
        _fixture.Remove("b");
        _fixture.Reconciler.ReconsiderIn.ShouldBeNull();
        _fixture.Add(Ipv4("c", 3) with { Subnet = Prefix("10.244.2.0/24") });

        _fixture.Routes.ShouldHaveSingleItem().ShouldStartWith("10.244.2.0/24 c");
    }

    [Fact]
    public void A_holder_that_comes_back_elsewhere_frees_what_was_kept()
    {
        _fixture.Add(Ipv4("b", 2));
        _fixture.Add(Ipv4("z", 3) with { Subnet = Prefix("10.244.2.0/24") });
        _fixture.Remove("b");
        _fixture.Add(Ipv4("b", 2) with { Subnet = Prefix("10.244.9.0/24") });

        _fixture.Accepted.ShouldBe(["b", "z"]);
    }

    [Fact]
    public void A_rival_that_gives_up_is_carried_where_it_goes()
    {
        _fixture.Add(Ipv4("b", 2));
        _fixture.Add(Ipv4("z", 3) with { Subnet = Prefix("10.244.2.0/24") });
        _fixture.Remove("b");
        _fixture.Add(Ipv4("z", 3));

        _fixture.Accepted.ShouldBe(["z"]);
    }

    [Fact]
    public void When_the_holder_moves_the_refused_one_takes_over()
    {
        _fixture.Snapshot(Ipv4("b", 2), Ipv4("c", 3) with { Subnet = Prefix("10.244.2.0/24") });
        _fixture.Add(Ipv4("b", 2) with { Subnet = Prefix("10.244.9.0/24") });

        _fixture.Accepted.ShouldBe(["b", "c"]);
        _fixture.Routes.ShouldContain("10.244.2.0/24 c 192.168.77.3 02:00:00:00:00:03");
    }

    [Fact]
    public void A_holder_that_changes_something_else_keeps_its_claim()
    {
        _fixture.Add(Ipv4("z", 2));
        _fixture.Add(Ipv4("b", 3) with { Subnet = Prefix("10.244.2.0/24") });
        _fixture.Add(Ipv4("z", 2) with { BackendData = Vtep("02:00:00:00:00:77") });
        _fixture.Add(Ipv4("z", 2) with { PublicIp = Address("192.168.77.200") });

        _fixture.Accepted.ShouldBe(["z"]);
        _fixture.Routes.ShouldHaveSingleItem().ShouldBe("10.244.2.0/24 z 192.168.77.200 02:00:00:00:00:02");
    }

    [Fact]
    public void A_holder_that_moves_onto_another_loses_and_nothing_old_of_it_stays()
    {
        _fixture.Snapshot(Ipv4("b", 2), Ipv4("c", 3));
        _fixture.Add(Ipv4("b", 2) with { Subnet = Prefix("10.244.3.0/24") });

        _fixture.Accepted.ShouldBe(["c"]);
        _fixture.Routes.ShouldHaveSingleItem().ShouldStartWith("10.244.3.0/24 c");
        _fixture.Table.Fdb.TryFind(Address("192.168.77.2"), out _).ShouldBeFalse();
    }

    [Fact]
    public void A_holder_that_becomes_invalid_makes_room()
    {
        _fixture.Snapshot(Ipv4("b", 2), Ipv4("c", 3) with { Subnet = Prefix("10.244.2.0/24") });
        _fixture.Add(Ipv4("b", 2) with { BackendType = "udp" });

        _fixture.Accepted.ShouldBe(["c"]);
    }

    [Fact]
    public void A_wide_prefix_that_comes_later_pushes_nobody_out()
    {
        _fixture.Snapshot(Ipv4("c", 3), Ipv4("d", 4), Ipv4("e", 5));
        _fixture.Add(Ipv4("b", 2) with { Subnet = Prefix("10.244.4.0/22") });

        _fixture.Accepted.ShouldBe(["c", "d", "e"]);
    }

    [Fact]
    public void A_node_refused_for_one_claim_holds_no_other()
    {
        // b loses its pod CIDR to a, so its address is free for c.
        _fixture.Snapshot(
            Ipv4("a", 2), Ipv4("b", 3) with { Subnet = Prefix("10.244.2.0/24") },
            Ipv4("c", 4) with { PublicIp = Address("192.168.77.3") });

        _fixture.Accepted.ShouldBe(["a", "c"]);
    }

    [Fact]
    public void A_circle_of_claims_ends_with_one_accepted_and_no_contradiction()
    {
        _fixture.Snapshot(Dual("b", 2), Dual("c", 3), Dual("d", 4));

        // b takes an address that c keeps, c a prefix that d keeps, d a prefix that b keeps.
        _fixture.Snapshot(
            Dual("b", 2) with { PublicIp = Address("192.168.77.3") },
            Dual("c", 3) with { Subnet = Prefix("10.244.4.0/24") },
            Dual("d", 4) with { SubnetV6 = Prefix("fd00:10:244:2::/64") });

        _fixture.Accepted.ShouldBe(["d"]);
    }
}
