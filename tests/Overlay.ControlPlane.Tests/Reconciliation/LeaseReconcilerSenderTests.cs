using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Reconciliation;
using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

/// <summary>Peers that send from addresses their leases lack.</summary>
public class LeaseReconcilerSenderTests
{
    private static readonly IpAddress _elsewhere = Address("192.168.77.99");

    private readonly ReconcilerFixture _fixture = new();

    public LeaseReconcilerSenderTests() => _fixture.Snapshot(Ipv4("b", 2), Ipv4("c", 3));

    private IReadOnlyList<string> Learned =>
        [.. _fixture.Reconciler.Senders.Select(static sender => $"{sender.Node} {sender.Address}")];

    [Fact]
    public void An_address_whose_frames_fit_one_peer_in_all_is_taken_as_that_peers()
    {
        Recognize(FromB).ShouldBe(new SenderFinding(_elsewhere, "b", null));

        Learned.ShouldBe(["b 192.168.77.99"]);
        _fixture.Table.Fdb.TryFind(_elsewhere, out RemoteVtep? vtep).ShouldBeTrue();
        _fixture.Table.IsAllowedSource(vtep!, Address("10.244.2.9").ToIpv4()).ShouldBeTrue();
        _fixture.Table.IsAllowedSource(vtep!, Address("10.244.3.9").ToIpv4()).ShouldBeFalse();
        _fixture.Routes.ShouldContain("10.244.2.0/24 b 192.168.77.2 02:00:00:00:00:02", "packets go where the lease says");
        _fixture.Logger.Warnings.ShouldHaveSingleItem().ShouldStartWith("Node b sends from 192.168.77.99, which");
        Recognize(FromB).ShouldBeNull("it has a peer now");
    }

    [Fact]
    public void The_MAC_may_be_that_of_either_of_a_peers_VTEPs()
    {
        ReconcilerFixture dual = new(OwnDual);
        dual.Snapshot(Dual("b", 2));
        Stranger stranger = FromB with
        {
            Address = Address("fd77::99"),
            SourceMac = MacAddress.Parse("02:00:00:00:06:02"),
            DestinationMac = MacAddress.Parse("02:00:00:00:06:01"),
            Source = Address("fd00:10:244:2::9"),
        };
        dual.Reconciler.Recognize(stranger, learns: true).ShouldBe(new SenderFinding(Address("fd77::99"), "b", null));
    }

    [Theory]
    [InlineData("10.244.3.9", "192.168.77.99", "c", "their MAC 02:00:00:00:00:02 is not that of its VTEP, 02:00:00:00:00:03")]
    [InlineData("10.244.9.9", "192.168.77.99", null, "their inner source 10.244.9.9 is in no accepted peer's pod CIDR")]
    [InlineData("10.244.1.9", "192.168.77.99", null, "their inner source 10.244.1.9 is in no accepted peer's pod CIDR")]
    [InlineData("10.244.2.9", "10.244.7.7", "b", "it is inside the cluster CIDR 10.244.0.0/16, and so no node's")]
    [InlineData("10.244.2.9", "127.0.0.1", "b", "it is no address that another host can have")]
    public void An_address_whose_frames_do_not_fit_is_named_with_the_reason(
        string source, string address, string? node, string reason)
    {
        Stranger stranger = FromB with { Source = Address(source), Address = Address(address) };
        Recognize(stranger).ShouldBe(new SenderFinding(Address(address), node, reason));
        Learned.ShouldBeEmpty();
        _fixture.Table.Fdb.TryFind(Address(address), out _).ShouldBeFalse();
    }

    [Fact]
    public void A_frame_that_is_not_meant_for_this_node_is_none_of_its_business()
    {
        Recognize(FromB with { Vni = new(7) }).ShouldBeNull();
        Recognize(FromB with { DestinationMac = MacAddress.Parse("02:00:00:00:00:03") }).ShouldBeNull();
        Recognize(FromB with { Address = Own.PublicIp!.Value }).ShouldBeNull();
        Recognize(FromB with { Address = Address("192.168.77.2") }).ShouldBeNull("a peer has it");
    }

    [Fact]
    public void An_address_that_a_refused_lease_has_is_not_taken_as_anothers()
    {
        _fixture.Add(Ipv4("d", 4) with { PublicIp = _elsewhere, BackendType = "udp" });
        Recognize(FromB).ShouldBe(new SenderFinding(_elsewhere, "b", "the lease of node d has that address"));
        Learned.ShouldBeEmpty();
        Recognize(FromB with { Source = Address("10.244.4.9") }).ShouldBeNull("the list of peers says why d is refused");
    }

    [Fact]
    public void Where_it_is_switched_off_the_peer_is_named_and_nothing_is_taken()
    {
        _fixture.Reconciler.Recognize(FromB, learns: false)
            .ShouldBe(new SenderFinding(_elsewhere, "b", "Overlay:Dataplane:LearnSenders is false"));
        Learned.ShouldBeEmpty();
    }

    [Fact]
    public void A_host_has_four_addresses_at_most_and_the_oldest_makes_room()
    {
        IpAddress ofC = Address("192.168.77.200");
        Recognize(new(
            ofC, new Vni(1), MacAddress.Parse("02:00:00:00:00:03"), MacAddress.Parse("02:00:00:00:00:01"),
            Address("10.244.3.9")))!.Reason.ShouldBeNull();
        for (uint i = 0; i < 6; i++) Recognize(FromB with { Address = _elsewhere.Add(i) })!.Reason.ShouldBeNull();
        Learned.ShouldBe(
        [
            "c 192.168.77.200", "b 192.168.77.101", "b 192.168.77.102", "b 192.168.77.103", "b 192.168.77.104",
        ]);
        _fixture.Table.Fdb.TryFind(_elsewhere.Add(1), out _).ShouldBeFalse();
        _fixture.Table.Fdb.TryFind(_elsewhere.Add(5), out RemoteVtep? newest).ShouldBeTrue();
        newest!.Node.ShouldBe("b");
        _fixture.Table.Fdb.TryFind(ofC, out _).ShouldBeTrue("another peer has room of its own");

        // An address that has made room is as new as any.
        Recognize(FromB)!.Reason.ShouldBeNull();
        Learned[^1].ShouldBe("b 192.168.77.99");
        Learned.Count.ShouldBe(5);
        _fixture.Remove("b");
        Learned.ShouldBe(["c 192.168.77.200"]);
        _fixture.Table.Fdb.Count.ShouldBe(2);
    }

    [Fact]
    public void An_address_that_a_lease_has_later_is_that_nodes()
    {
        _ = Recognize(FromB);
        _fixture.Add(Ipv4("d", 4) with { PublicIp = _elsewhere });
        Learned.ShouldBeEmpty();
        _fixture.Table.Fdb.TryFind(_elsewhere, out RemoteVtep? vtep).ShouldBeTrue();
        vtep!.Node.ShouldBe("d");
        _fixture.Logger.Of(LogLevel.Information)
            .ShouldContain("Frames from 192.168.77.99 are no longer taken as those of node b: a lease has changed");
    }

    [Fact]
    public void A_peer_whose_lease_takes_the_address_keeps_it_and_one_that_changes_its_MAC_or_goes_loses_it()
    {
        _ = Recognize(FromB);
        _fixture.Add(Ipv4("b", 2) with { Subnet = Prefix("10.244.22.0/24") });
        Learned.ShouldBe(["b 192.168.77.99"], "address and MAC are as they were");

        _fixture.Add(Ipv4("b", 2) with { PublicIp = _elsewhere });
        Learned.ShouldBeEmpty();
        _fixture.Routes.ShouldContain("10.244.2.0/24 b 192.168.77.99 02:00:00:00:00:02");

        _fixture.Add(Ipv4("b", 2));
        _ = Recognize(FromB);
        _fixture.Add(Ipv4("b", 2) with { BackendData = Vtep("02:00:00:00:00:22") });
        Learned.ShouldBeEmpty();
        _fixture.Table.Fdb.TryFind(_elsewhere, out _).ShouldBeFalse();

        _fixture.Add(Ipv4("b", 2));
        _ = Recognize(FromB);
        _fixture.Remove("b");
        Learned.ShouldBeEmpty();
        _fixture.Table.Fdb.Count.ShouldBe(1);
    }

    [Fact]
    public void Another_lease_of_this_node_leaves_what_is_learned_unless_it_has_the_address()
    {
        _ = Recognize(FromB);
        _fixture.Reconciler.Rebase(Own with { PublicIp = Address("192.168.77.100") }, Plan);
        Learned.ShouldBe(["b 192.168.77.99"]);
        _fixture.Table.Fdb.TryFind(_elsewhere, out _).ShouldBeTrue();
        _fixture.Reconciler.Rebase(Own with { PublicIp = _elsewhere }, Plan);
        Learned.ShouldBeEmpty();
        _fixture.Table.Fdb.TryFind(_elsewhere, out _).ShouldBeFalse();
    }

    private static Stranger FromB => new(
        _elsewhere, new Vni(1), MacAddress.Parse("02:00:00:00:00:02"), MacAddress.Parse("02:00:00:00:00:01"),
        Address("10.244.2.9"));

    private SenderFinding? Recognize(Stranger stranger) => _fixture.Reconciler.Recognize(stranger, learns: true);
}
