using Overlay.Host.Interop;
using Overlay.Host.Netlink;
using Overlay.Lab.Topology;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.Host.Tests;

public sealed class RouteNetlinkTests : IDisposable
{
    private const byte OurProtocol = 79;

    private readonly TwoNodes _nodes = new();
    private readonly RouteNetlink _netlink;

    public RouteNetlinkTests() => _netlink = _nodes.Guard(() => _nodes.A.Invoke(() => new RouteNetlink()));

    private Node Node => _nodes.A;

    private LinkInfo Eth0 => _netlink.FindLink("eth0").ShouldNotBeNull();

    [Fact]
    public void Links_come_with_what_ip_shows_of_them()
    {
        Node.Ip("link set eth0 mtu 1400");
        LinkInfo eth0 = Eth0;
        eth0.Mtu.ShouldBe(1400);
        eth0.IsUp.ShouldBeTrue();
        eth0.Kind.ShouldBe("veth");
        Node.Run("ip", "-o", "link", "show", "eth0").Output.ShouldStartWith($"{eth0.Index}: eth0");
        _netlink.GetLinks().Select(link => link.Name).ShouldBe(["lo", "eth0", "cni0"], ignoreOrder: true);
        _netlink.FindLink("eth9").ShouldBeNull();
    }

    [Theory]
    [InlineData("10.244.1.0", 32)]
    [InlineData("fd00:10:244:1::", 128)]
    public void An_address_is_set_once_and_listed(string text, int length)
    {
        IpAddress address = IpAddress.Parse(text);
        _netlink.SetAddress(Eth0, address, length);
        _netlink.SetAddress(Eth0, address, length);

        AddressInfo listed = _netlink.GetAddresses().Where(a => a.Address == address).ShouldHaveSingleItem();
        listed.ShouldBe(new AddressInfo(Eth0.Index, address, length, IsGlobal: true, IsUsable: true));
        Node.Run("ip", "address", "show", "eth0").Output.ShouldContain($" {text}/{length} ");
    }

    [Fact]
    public void Link_local_and_deprecated_addresses_are_told_apart_from_usable_ones()
    {
        Node.Ip("address add 192.0.2.5/24 dev eth0 scope link",
            "address add 2001:db8::5/64 dev eth0 nodad preferred_lft 0");
        IReadOnlyList<AddressInfo> addresses = _netlink.GetAddresses();
        addresses.Single(a => a.Address == IpAddress.Parse("192.0.2.5")).IsGlobal.ShouldBeFalse();
        addresses.Single(a => a.Address == IpAddress.Parse("2001:db8::5")).IsUsable.ShouldBeFalse();
        addresses.Single(
            a => a.Address == IpAddress.Parse("192.168.77.1")).Network.ShouldBe(IpPrefix.Parse("192.168.77.0/24"));
    }

    [Fact]
    public void Routes_are_read_back_as_they_were_set_and_removed_exactly()
    {
        RouteInfo[] routes =
        [
            new(IpPrefix.Parse(
                "10.244.0.0/16"), Eth0.Index, 0, OurProtocol, false, IpAddress.Parse("192.168.77.1"), 1450),
            new(IpPrefix.Parse("10.244.1.0/24"), 0, 0x8000_0000, OurProtocol, true),
            new(IpPrefix.Parse(
                "10.245.0.0/16"), Eth0.Index, 7, OurProtocol, false, null, 0, IpAddress.Parse("192.168.77.2")),
            new(IpPrefix.Parse(
                "fd00:10:244::/56"), Eth0.Index, 1024, OurProtocol, false, IpAddress.Parse("fd77::1"), 1430),
            new(IpPrefix.Parse("fd00:10:244:1::/64"), 0, 0x8000_0000, OurProtocol, true),
        ];
        foreach (RouteInfo route in routes) _netlink.SetRoute(route);
        _netlink.GetRoutes().Where(r => r.Protocol == OurProtocol).ShouldBe(routes, ignoreOrder: true);
        Node.Run(
            "ip", "route").Output.ShouldContain("10.244.0.0/16 dev eth0 proto 79 scope link src 192.168.77.1 mtu 1450");

        foreach (RouteInfo route in routes) _netlink.RemoveRoute(route);
        _netlink.GetRoutes().ShouldNotContain(r => r.Protocol == OurProtocol);
    }

    [Fact]
    public void Setting_a_route_again_replaces_it_and_leaves_others_of_that_prefix()
    {
        Node.Ip("route add 10.244.1.0/24 dev cni0 metric 5");
        RouteInfo route = new(IpPrefix.Parse("10.244.1.0/24"), Eth0.Index, 9, OurProtocol, false, null, 1400);
        _netlink.SetRoute(route);
        _netlink.SetRoute(route with { Mtu = 1300 });
        _netlink.GetRoutes().Single(r => r.Protocol == OurProtocol).Mtu.ShouldBe(1300u);
        Node.Run("ip", "route").Output.ShouldContain("10.244.1.0/24 dev cni0 scope link metric 5");
    }

    [Fact]
    public void Rules_come_in_the_order_they_are_asked_and_other_tables_have_their_own_routes()
    {
        Node.Ip("rule add priority 5270 lookup 300", "route add 10.244.0.0/20 dev eth0 table 300",
            "rule add priority 5000 unreachable");
        _netlink.GetRules().Where(r => r.Family == IpFamily.IPv4).ShouldBe(
        [
            new(IpFamily.IPv4, 0, RuleInfo.LocalTable), new(IpFamily.IPv4, 5270, 300),
            new(IpFamily.IPv4, 32766, RuleInfo.MainTable), new(IpFamily.IPv4, 32767, 253),
        ]);
        _netlink.GetRules().ShouldContain(new RuleInfo(IpFamily.IPv6, 32766, RuleInfo.MainTable));
        _netlink.GetRoutes(300).ShouldHaveSingleItem().Prefix.ShouldBe(IpPrefix.Parse("10.244.0.0/20"));
    }

    [Fact]
    public void Of_a_multipath_route_the_first_next_hop_that_works_is_told()
    {
        Node.Ip(
            "link add spare type veth peer name other", "link set spare up", "link set other up",
            "address add 198.51.100.1/24 dev spare", "address add 2001:db8::1/64 dev spare nodad",
            "route replace default nexthop via 198.51.100.2 nexthop via 192.168.77.254",
            "route add 2001:db8:7::/48 nexthop via fd77::ffff dev eth0 nexthop via 2001:db8::2 dev spare");
        RouteInfo Default() => _netlink.GetRoutes().Single(r => r.Prefix == IpPrefix.Parse("0.0.0.0/0"));
        Default().LinkIndex.ShouldBe(_netlink.FindLink("spare")!.Index);
        Default().Gateway.ShouldBe(IpAddress.Parse("198.51.100.2"));
        RouteInfo ipv6 = _netlink.GetRoutes().Single(r => r.Prefix == IpPrefix.Parse("2001:db8:7::/48"));
        (ipv6.LinkIndex, ipv6.Gateway).ShouldBe((Eth0.Index, IpAddress.Parse("fd77::ffff")));

        Node.Ip("link set spare down");
        Default().LinkIndex.ShouldBe(Eth0.Index);
        Default().Gateway.ShouldBe(IpAddress.Parse("192.168.77.254"));
    }

    [Fact]
    public void Routes_are_picked_out_by_the_prefixes_they_lie_in_and_by_their_length()
    {
        Node.Ip("route add 10.244.0.0/16 dev eth0", "route add 10.244.7.0/24 dev eth0",
            "route add 10.0.0.0/8 dev eth0", "route add fd00:10:244:7::/64 dev eth0");
        Prefixes(new RouteFilter(Within: [IpPrefix.Parse("10.244.0.0/16"), IpPrefix.Parse("fd00:10:244::/56")]))
            .ShouldBe(
                ["10.244.0.0/16", "10.244.1.0/24", "10.244.7.0/24", "fd00:10:244:1::/64", "fd00:10:244:7::/64"],
                ignoreOrder: true);
        Prefixes(new RouteFilter(Length: 16)).ShouldBe(["10.244.0.0/16"]);
        Prefixes(new RouteFilter(Within: [IpPrefix.Parse("10.244.6.0/23")], Length: 24)).ShouldBe(["10.244.7.0/24"]);
        Prefixes(new RouteFilter(Length: 0)).ShouldBe(
            [.. _netlink.GetRoutes().Where(r => r.Prefix.Length == 0).Select(r => $"{r.Prefix}")], ignoreOrder: true);

        IEnumerable<string> Prefixes(RouteFilter filter) => _netlink.GetRoutes(filter).Select(r => $"{r.Prefix}");
    }

    [Fact]
    public void Bringing_a_link_up_sets_its_mtu_and_queue()
    {
        Node.Ip("link set cni0 down");
        _netlink.SetUp(_netlink.FindLink("cni0")!, 1380, 750);
        _netlink.FindLink("cni0")
            .ShouldNotBeNull().ShouldBe(_netlink.FindLink("cni0")! with { IsUp = true, Mtu = 1380 });
        Node.Run("ip", "link", "show", "cni0").EnsureSuccess().Output.ShouldContain("qlen 750");
    }

    [Fact]
    public void What_the_kernel_refuses_names_call_subject_and_error()
    {
        LinuxException noRoute = Should.Throw<LinuxException>(
            () => _netlink.RemoveRoute(new RouteInfo(IpPrefix.Parse("203.0.113.0/24"), 0, 0, OurProtocol, true)));
        noRoute.Errno.ShouldBe(Errno.ESRCH);
        noRoute.Message.ShouldContain("RTM_DELROUTE");
        noRoute.Message.ShouldContain("203.0.113.0/24");

        LinkInfo gone = Eth0 with { Index = 9999, Name = "gone0" };
        LinuxException noDevice =
            Should.Throw<LinuxException>(() => _netlink.SetAddress(gone, IpAddress.Parse("192.0.2.1"), 32));
        noDevice.Errno.ShouldBe(Errno.ENODEV);
        noDevice.Message.ShouldContain("gone0");
    }

    [Fact]
    public async Task The_monitor_wakes_for_a_change_and_ends_when_interrupted()
    {
        using NetlinkMonitor monitor = Node.Invoke(() => new NetlinkMonitor());
        Task<bool> woken = Task.Run(monitor.Wait);
        Node.Ip("address add 192.0.2.9/32 dev eth0");
        (await woken.WaitAsync(TimeSpan.FromSeconds(10))).ShouldBeTrue();

        monitor.Interrupt();
        (await Task.Run(monitor.Wait).WaitAsync(TimeSpan.FromSeconds(10))).ShouldBeFalse();
    }

    [Fact]
    public void The_monitor_tells_once_that_something_has_changed()
    {
        using NetlinkMonitor monitor = Node.Invoke(() => new NetlinkMonitor());
        monitor.HasChanged().ShouldBeFalse();
        Node.Ip("route add 203.0.113.0/24 dev eth0", "route add 2001:db8:9::/48 dev eth0");
        monitor.HasChanged().ShouldBeTrue();
        monitor.HasChanged().ShouldBeFalse();
    }

    public void Dispose()
    {
        _netlink.Dispose();
        _nodes.Dispose();
    }
}
