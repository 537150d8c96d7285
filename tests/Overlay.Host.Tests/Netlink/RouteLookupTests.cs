using Overlay.Host.Netlink;
using Overlay.Lab.Topology;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.Host.Tests;

/// <summary>The kernel's own choice of a route for one address.</summary>
public sealed class RouteLookupTests : IDisposable
{
    private readonly TwoNodes _nodes = new();
    private readonly RouteNetlink _netlink;

    public RouteLookupTests() => _netlink = _nodes.Guard(() => _nodes.A.Invoke(() => new RouteNetlink()));

    private Node Node => _nodes.A;

    [Theory]
    [InlineData("192.168.77.2", null)]
    [InlineData("fd77::2", null)]
    [InlineData("203.0.113.9", "192.168.77.254")]
    [InlineData("2001:db8::9", "fd77::ffff")]
    public void A_route_comes_with_its_device_and_its_gateway_if_it_has_one(string destination, string? gateway)
    {
        Node.Ip("route replace default via 192.168.77.254", "route replace default via fd77::ffff dev eth0");
        RouteInfo route = Find(destination).ShouldNotBeNull();
        route.LinkIndex.ShouldBe(_netlink.FindLink("eth0")!.Index);
        route.Gateway.ShouldBe(gateway is null ? null : IpAddress.Parse(gateway));
    }

    [Fact]
    public void A_gateway_of_the_other_family_is_a_gateway_too()
    {
        Node.Ip("route add 198.51.100.0/24 via inet6 fd77::ffff dev eth0");
        Find("198.51.100.7")!.Gateway.ShouldBe(IpAddress.Parse("fd77::ffff"));
        _netlink.GetRoutes().Single(
            route => route.Prefix == IpPrefix.Parse("198.51.100.0/24")).Gateway.ShouldBe(IpAddress.Parse("fd77::ffff"));
    }

    [Fact]
    public void Where_nothing_leaves_this_host_there_is_no_route()
    {
        Node.Ip(
            "route add unreachable 203.0.113.0/26", "route add blackhole 203.0.113.64/26",
            "route add prohibit 203.0.113.128/26", "route add unreachable 2001:db8::/64");
        foreach (string destination in new[] { "203.0.113.9", "203.0.113.70", "203.0.113.130", "2001:db8::9",
            "192.168.77.1", "fd77::1", "127.0.0.1" })
            Find(destination).ShouldBeNull(destination);
    }

    public void Dispose()
    {
        _netlink.Dispose();
        _nodes.Dispose();
    }

    private RouteInfo? Find(string destination) => _netlink.FindRoute(IpAddress.Parse(destination));
}
