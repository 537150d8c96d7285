using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Tests;

public sealed class ForwardingTableTests
{
    private static readonly RemoteVtep _b = Peer.At("192.168.77.2", "b");
    private static readonly RemoteVtep _bV6 = Peer.At("fd77::2", "b", "02:00:00:00:00:0b");
    private static readonly RemoteVtep _c = Peer.At("192.168.77.3", "c");

    // Node a's view of a dual-stack cluster; the IPv6 pods of b are reached over b's IPv6 underlay.
    private static readonly ForwardingTable _table = new ForwardingTableBuilder()
        .AddLocal(IpPrefix.Parse("10.244.1.0/24"))
        .AddLocal(IpPrefix.Parse("fd00:10:244:1::/64"))
        .AddRoute(IpPrefix.Parse("10.244.2.0/24"), _b)
        .AddRoute(IpPrefix.Parse("fd00:10:244:2::/64"), _bV6)
        .AddRoute(IpPrefix.Parse("10.244.3.0/24"), _c)
        .AddRoute(IpPrefix.Parse("fd00:10:244:3::/64"), _c)
        .Build();

    [Theory]
    [InlineData("10.244.2.0", "192.168.77.2")]
    [InlineData("10.244.2.255", "192.168.77.2")]
    [InlineData("10.244.3.10", "192.168.77.3")]
    [InlineData("fd00:10:244:2::10", "fd77::2")]
    [InlineData("fd00:10:244:3::10", "192.168.77.3")]
    public void A_pod_of_a_peer_is_reached_through_that_peers_VTEP(string destination, string underlay)
    {
        _table.Lookup(destination).ShouldNotBeNull().Address.ShouldBe(IpAddress.Parse(underlay));
        _table.IsLocal(destination).ShouldBeFalse();
    }

    [Theory]
    [InlineData("10.244.1.0", true)]
    [InlineData("10.244.1.255", true)]
    [InlineData("fd00:10:244:1::10", true)]
    [InlineData("10.244.0.255", false)]
    [InlineData("10.244.4.0", false)]
    [InlineData("8.8.8.8", false)]
    [InlineData("fd00:10:244:4::", false)]
    [InlineData("::", false)]
    public void An_address_of_this_node_or_of_nobody_has_no_VTEP_and_IsLocal_tells_which(
        string destination, bool isLocal)
    {
        _table.Lookup(destination).ShouldBeNull();
        _table.IsLocal(destination).ShouldBe(isLocal);
    }

    [Fact]
    public void A_peer_may_send_from_its_own_pod_CIDRs_and_from_no_others()
    {
        _table.IsAllowedSource(_c, "10.244.3.10").ShouldBeTrue();
        _table.IsAllowedSource(_c, "fd00:10:244:3::10").ShouldBeTrue();
        _table.IsAllowedSource(_c, "10.244.2.10").ShouldBeFalse();
        _table.IsAllowedSource(_c, "fd00:10:244:2::10").ShouldBeFalse();
    }

    [Fact]
    public void Both_VTEPs_of_a_node_may_send_from_all_of_its_pod_CIDRs()
    {
        foreach (RemoteVtep vtep in (RemoteVtep[])[_b, _bV6])
        {
            _table.IsAllowedSource(vtep, "10.244.2.10").ShouldBeTrue();
            _table.IsAllowedSource(vtep, "fd00:10:244:2::10").ShouldBeTrue();
            _table.IsAllowedSource(vtep, "10.244.3.10").ShouldBeFalse();
        }
    }

    [Fact]
    public void A_VTEP_without_a_route_may_send_for_its_node_alone()
    {
        RemoteVtep second = Peer.At("fd77::3", "c");
        RemoteVtep stranger = Peer.At("192.168.77.9", "z");
        ForwardingTable table = new ForwardingTableBuilder()
            .AddRoute(IpPrefix.Parse("10.244.3.0/24"), _c).AddVtep(second).AddVtep(stranger).Build();

        table.IsAllowedSource(second, "10.244.3.10").ShouldBeTrue();
        table.IsAllowedSource(stranger, "10.244.3.10").ShouldBeFalse();
    }

    [Theory]
    [InlineData("10.244.1.10")] // ours: nobody sends us our own pods' packets
    [InlineData("fd00:10:244:1::10")]
    [InlineData("10.244.4.10")] // nobody's
    [InlineData("fd00:10:244:4::10")]
    [InlineData("192.168.77.2")] // the underlay's
    public void No_peer_may_send_from_an_address_of_this_node_or_of_nobody(string source)
    {
        foreach (RemoteVtep sender in _table.Fdb.Rows)
            _table.IsAllowedSource(sender, source).ShouldBeFalse(sender.Node);
    }

    [Fact]
    public void Node_names_are_compared_exactly()
    {
        RemoteVtep other = Peer.At("192.168.77.4", "C");
        ForwardingTable table = new ForwardingTableBuilder()
            .AddRoute(IpPrefix.Parse("10.244.3.0/24"), _c).AddVtep(other).Build();

        table.IsAllowedSource(other, "10.244.3.10").ShouldBeFalse();
    }

    [Fact]
    public void VTEPs_are_of_one_node_by_its_name_wherever_the_name_comes_from()
    {
        string name = new("c".AsSpan()); // equal, and another object
        RemoteVtep renamed = Peer.At("192.168.77.4", "z") with { Node = name };
        RemoteVtep other = Peer.At("192.168.77.5", name) with { Node = "z" };
        ForwardingTable table = new ForwardingTableBuilder()
            .AddRoute(IpPrefix.Parse("10.244.3.0/24"), _c).AddVtep(renamed).AddVtep(other).Build();

        table.IsAllowedSource(renamed, "10.244.3.10").ShouldBeTrue();
        table.IsAllowedSource(other, "10.244.3.10").ShouldBeFalse();
    }

    [Fact]
    public void A_hole_in_a_peers_prefix_belongs_to_whoever_has_the_longer_one()
    {
        ForwardingTable table = new ForwardingTableBuilder()
            .AddRoute(IpPrefix.Parse("10.244.0.0/16"), _b)
            .AddRoute(IpPrefix.Parse("10.244.3.0/24"), _c)
            .AddLocal(IpPrefix.Parse("10.244.1.0/24"))
            .Build();

        table.Lookup("10.244.3.10").ShouldBe(_c);
        table.IsAllowedSource(_b, "10.244.3.10").ShouldBeFalse();
        table.IsLocal("10.244.1.10").ShouldBeTrue();
        table.IsAllowedSource(_b, "10.244.1.10").ShouldBeFalse();
        table.IsAllowedSource(_b, "10.244.2.10").ShouldBeTrue();
    }

    [Fact]
    public void Routes_lists_every_prefix_with_its_VTEP()
    {
        _table.Routes.Count.ShouldBe(6);
        _table.Routes.ShouldContain(new Route(IpPrefix.Parse("10.244.2.0/24"), _b));
        _table.Routes.ShouldContain(new Route(IpPrefix.Parse("fd00:10:244:2::/64"), _bV6));
        _table.Routes.Where(route => route.IsLocal).Select(route => route.Prefix.ToString())
            .ShouldBe(["10.244.1.0/24", "fd00:10:244:1::/64"], ignoreOrder: true);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("10.244.1.10")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
    public void The_empty_table_forwards_nothing_and_lets_nobody_in(string address)
    {
        ForwardingTable empty = ForwardingTable.Empty;

        empty.Lookup(address).ShouldBeNull();
        empty.IsLocal(address).ShouldBeFalse();
        empty.IsAllowedSource(_b, address).ShouldBeFalse();
        empty.Routes.ShouldBeEmpty();
        empty.Fdb.Count.ShouldBe(0);
    }

    [Fact]
    public void What_the_packet_path_asks_allocates_nothing()
    {
        Ipv4Address pod = IpAddress.Parse("10.244.2.10").ToIpv4();
        Ipv6Address podV6 = IpAddress.Parse("fd00:10:244:2::10").ToIpv6();
        IpAddress underlay = _bV6.Address;
        _ = Ask(); // the runtime prepares on the first call what it needs

        long before = GC.GetAllocatedBytesForCurrentThread();
        int answers = 0;
        for (int i = 0; i < 100; i++) answers += Ask();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        answers.ShouldBe(500);
        allocated.ShouldBe(0);

        int Ask() =>
            (_table.Lookup(pod) is null ? 0 : 1) + (_table.Lookup(podV6) is null ? 0 : 1)
            + (_table.IsAllowedSource(_bV6, pod) ? 1 : 0) + (_table.IsLocal(podV6) ? 0 : 1)
            + (_table.Fdb.TryFind(underlay, out _) ? 1 : 0);
    }
}
