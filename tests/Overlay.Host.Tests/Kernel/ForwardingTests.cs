using System.Net;
using System.Net.Sockets;
using Overlay.Host.Kernel;
using Overlay.Host.Netlink;
using Overlay.Lab.Topology;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.Host.Tests;

/// <summary>A host whose IPv6 default route comes from a router's advertisements.</summary>
public sealed class ForwardingTests : IDisposable
{
    // RFC 4861 section 4.2: type 134, hop limit 64, a lifetime of 1800 s.
    private static readonly byte[] _advertisement = [134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0];

    private readonly TwoNodes _nodes = new();

    public ForwardingTests() => _nodes.Guard(() =>
    {
        foreach (string scope in new[] { "all", "default", "eth0", "cni0" }) Set(scope, "forwarding", "0");
        Node.Set("net/ipv4/ip_forward", "0");
        Set("eth0", "accept_ra", "1");
        Advertise();
        SpinWait.SpinUntil(HasRoute, TimeSpan.FromSeconds(10)).ShouldBeTrue();
    });

    private Node Node => _nodes.A;

    public void Dispose() => _nodes.Dispose();

    [Fact]
    public void A_host_that_begins_to_forward_keeps_its_routers_route_and_goes_on_to_hear_it()
    {
        Switch(static netlink => Forwarding.SwitchOn(netlink, IpFamily.IPv6));
        Node.Get("net/ipv6/conf/all/forwarding").ShouldBe("1");
        Node.Get("net/ipv6/conf/eth0/accept_ra").ShouldBe("2");
        HasRoute().ShouldBeTrue();
    }

    [Fact]
    public void A_device_that_begins_to_forward_leaves_the_uplink_as_it_was()
    {
        Switch(static netlink => Forwarding.SwitchOnIpv6(netlink, "cni0"));
        Node.Get("net/ipv6/conf/cni0/forwarding").ShouldBe("1");
        Node.Get("net/ipv6/conf/eth0/accept_ra").ShouldBe("1");
        HasRoute().ShouldBeTrue();
    }

    [Fact]
    public void What_takes_no_advertisements_is_not_made_to()
    {
        Set("cni0", "accept_ra", "1");
        Set("eth0", "accept_ra", "0");
        Switch(static netlink =>
        {
            Forwarding.SwitchOn(netlink, IpFamily.IPv4);
            Forwarding.SwitchOn(netlink, IpFamily.IPv6);
        });
        Node.Get("net/ipv4/ip_forward").ShouldBe("1");
        Node.Get("net/ipv6/conf/eth0/accept_ra").ShouldBe("0");
        Node.Get("net/ipv6/conf/cni0/accept_ra").ShouldBe("1");
    }

    private void Switch(Action<RouteNetlink> change) => Node.Invoke(() =>
    {
        using RouteNetlink netlink = new();
        change(netlink);
    });

    private void Set(string device, string key, string value) => Node.Set($"net/ipv6/conf/{device}/{key}", value);

    private bool HasRoute() =>
        Node.Run("ip", "-6", "route", "show", "default").Output.Contains("proto ra", StringComparison.Ordinal);

    private void Advertise()
    {
        using Socket router =
            _nodes.B.Invoke(static () => new Socket(AddressFamily.InterNetworkV6, SocketType.Raw, ProtocolType.IcmpV6));
        int index = _nodes.B.Invoke(static () =>
        {
            using RouteNetlink netlink = new();
            return netlink.FindLink("eth0")!.Index;
        });
        router.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.MulticastTimeToLive, 255);
        router.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.MulticastInterface, index);
        _ = router.SendTo(_advertisement, new IPEndPoint(IPAddress.Parse($"ff02::1%{index}"), 0));
    }
}
