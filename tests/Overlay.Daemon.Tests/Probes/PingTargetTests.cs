using Overlay.ControlPlane.Leases;
using Overlay.Daemon.Probes;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

public class PingTargetTests
{
    private static readonly OwnEnd _ipv4 = new(IpAddress.Parse("10.244.1.0"), 1450);
    private static readonly OwnEnd _ipv6 = new(IpAddress.Parse("fd00:10:244:1::"), 1430);

    private static readonly PingScene _scene = new(
        "a", [_ipv4, _ipv6], ProbeTable.Table,
        new PeersSnapshot(
            [new PeerLease(new Lease { Node = "thief" }, LeaseVerdict.Refused, "it overlaps node b's")], null),
        static prefix => prefix == IpPrefix.Parse("10.244.3.0/24"));

    [Fact]
    public void A_node_is_probed_by_each_of_its_families()
    {
        PingTarget target = PingTarget.Find(_scene, "b");
        target.Peers.ShouldBe(
            [new PeerEnd("b", ProbeTable.Peer, _ipv4, 50), new PeerEnd("b", ProbeTable.PeerV6, _ipv6, 70)]);
        target.Pod.ShouldBeNull();
    }

    [Fact]
    public void A_direct_route_adds_nothing() =>
        PingTarget.Find(_scene, "c").Peers.ShouldHaveSingleItem().Overhead.ShouldBe(0);

    [Fact]
    public void All_are_the_accepted_peers()
    {
        PingTarget target = PingTarget.Find(_scene, "all");
        target.Peers.Select(static peer => peer.Node).ShouldBe(["b", "c", "b"]);
        target.IsEverybody.ShouldBeTrue();
    }

    [Fact]
    public void An_address_of_a_pod_leads_to_its_node_by_its_family_and_to_the_pod()
    {
        PingTarget target = PingTarget.Find(_scene, "fd00:10:244:2::5");
        target.Peers.ShouldHaveSingleItem().Address.ShouldBe(ProbeTable.PeerV6);
        target.Pod.ShouldBe(new PodEnd(IpAddress.Parse("fd00:10:244:2::5"), "b", false));
    }

    [Fact]
    public void The_inner_address_of_a_node_is_that_node_and_no_pod()
    {
        PingTarget target = PingTarget.Find(_scene, "10.244.2.0");
        target.Peers.ShouldHaveSingleItem().Node.ShouldBe("b");
        target.Pod.ShouldBeNull();
    }

    [Fact]
    public void A_pod_of_this_node_has_no_peer()
    {
        PingTarget target = PingTarget.Find(_scene, "10.244.1.7");
        target.Peers.ShouldBeEmpty();
        target.Pod.ShouldBe(new PodEnd(IpAddress.Parse("10.244.1.7"), "a", true));
    }

    [Theory]
    [InlineData("nobody", "no peer is named nobody; known nodes: b, c")]
    [InlineData("a", "a is this node itself; known nodes: b, c")]
    [InlineData("thief", "node thief is not in the forwarding table: it overlaps node b's; known nodes: b, c")]
    [InlineData("10.9.9.9", "10.9.9.9 is in no pod CIDR of the forwarding table, see overlayctl routes; known nodes: b, c")]
    [InlineData("10.244.1.0", "10.244.1.0 is the inner address of this node itself")]
    public void What_cannot_be_pinged_is_named_with_what_can(string name, string message) =>
        Should.Throw<PingException>(() => PingTarget.Find(_scene, name)).Message.ShouldBe(message);

    [Theory]
    [InlineData(0, 100)]
    [InlineData(1001, 10)]
    [InlineData(10, 9)]
    [InlineData(2, 10001)]
    [InlineData(1000, 100)]
    public void A_pace_out_of_range_is_refused(int count, int interval) =>
        Should.Throw<PingException>(() => PingPace.Of(count, interval, false)).Fault.ShouldBe(PingFault.BadQuestion);

    [Fact]
    public void A_pace_has_defaults_and_of_all_peers_few_probes()
    {
        PingPace.Of(null, null, false).ShouldBe(new PingPace(10, TimeSpan.FromMilliseconds(100)));
        PingPace.Of(null, null, true).ShouldBe(new PingPace(2, TimeSpan.FromMilliseconds(100)));
    }
}
