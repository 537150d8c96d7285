using Overlay.Daemon.Options;
using Overlay.Daemon.Underlay;
using Overlay.Host.Netlink;
using Overlay.Lab.Topology;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

public sealed class UnderlayDiscoveryTests : IDisposable
{
    private readonly LabNetwork _lab =
        LabNetwork.Create(new LabOptions { Name = "underlay", Nodes = 1, PodsPerNode = 0 });

    private Node Node => _lab.Nodes[0];

    [Theory]
    [InlineData("eth0")]
    [InlineData("192.168.77.1")]
    [InlineData("fd77::1")]
    [InlineData("")]
    public void The_interface_is_found_by_name_by_address_or_by_the_default_route(string name)
    {
        UnderlayInterface underlay = Find(("Interface", name));
        underlay.Link.Name.ShouldBe("eth0");
        underlay.Ipv4.ShouldBe(IpAddress.Parse("192.168.77.1").ToIpv4());
        underlay.Networks.ShouldContain(IpPrefix.Parse("192.168.77.0/24"));
    }

    [Fact]
    public void A_default_route_of_several_next_hops_leads_to_the_interface_too()
    {
        Node.Ip(
            "link add spare type veth peer name other", "link set spare up", "link set other up",
            "address add 198.51.100.1/24 dev spare", "route delete default", "route delete default via fd77::ffff",
            "route add default nexthop via 198.51.100.2 weight 1 nexthop via 192.168.77.254 weight 2");
        Find().Link.Name.ShouldBe("spare");
    }

    [Fact]
    public void An_ipv6_underlay_is_used_only_for_ipv6_pods_or_for_want_of_ipv4()
    {
        Find(("Interface", "eth0")).Ipv6.ShouldBeNull();
        Find([("Interface", "eth0"), .. TestOptions.DualStack]).Ipv6.ShouldBe(IpAddress.Parse("fd77::1").ToIpv6());
        Node.Ip("address delete 192.168.77.1/24 dev eth0");
        UnderlayInterface underlay = Find(("Interface", "eth0"));
        underlay.Ipv4.ShouldBeNull();
        underlay.Ipv6.ShouldBe(IpAddress.Parse("fd77::1").ToIpv6());
    }

    [Fact]
    public void A_public_address_of_this_host_chooses_interface_and_address()
    {
        Node.Ip("address add 192.168.78.1/24 dev cni0", "address add 192.168.78.2/24 dev cni0");
        UnderlayInterface underlay = Find(("PublicIp", "192.168.78.2"));
        underlay.Link.Name.ShouldBe("cni0");
        underlay.Ipv4.ShouldBe(IpAddress.Parse("192.168.78.2").ToIpv4());
    }

    [Fact]
    public void The_address_that_names_the_interface_is_the_one_tunnels_are_bound_to()
    {
        Node.Ip("address add 10.20.0.5/24 dev eth0");
        Find(("Interface", "10.20.0.5")).Ipv4.ShouldBe(IpAddress.Parse("10.20.0.5").ToIpv4());
    }

    [Fact]
    public void A_public_address_behind_nat_is_not_what_tunnels_are_bound_to() =>
        Find(("Interface", "eth0"), ("PublicIp", "198.51.100.7")).Ipv4.ShouldBe(
            IpAddress.Parse("192.168.77.1").ToIpv4());

    [Fact]
    public void A_tentative_address_is_waited_for()
    {
        Node.Set("net/ipv6/conf/eth0/accept_dad", "1");
        Node.Set("net/ipv6/conf/eth0/dad_transmits", "1");
        Node.Ip("address delete fd77::1/64 dev eth0", "address add fd77::1/64 dev eth0");
        Node.Run("ip", "address", "show", "eth0").Output.ShouldContain(
            "tentative", customMessage: "else this shows nothing");
        Find([("Interface", "eth0"), .. TestOptions.DualStack]).Ipv6.ShouldBe(IpAddress.Parse("fd77::1").ToIpv6());
    }

    [Fact]
    public void Deprecated_addresses_are_passed_over()
    {
        Node.Ip("address add 2001:db8::66/64 dev eth0 nodad preferred_lft 0");
        Find([("Interface", "eth0"), .. TestOptions.DualStack]).Ipv6.ShouldBe(IpAddress.Parse("fd77::1").ToIpv6());
    }

    [Theory]
    [InlineData("eth9", "the interface eth9")]
    [InlineData("lo", "lo to have an IPv4 or IPv6 address")]
    [InlineData("192.0.2.77", "an interface with the address 192.0.2.77")]
    public void What_may_come_is_waited_for_by_name_and_the_pods_bridge_is_no_example(string name, string wanted)
    {
        string missing = Look(("Interface", name)).ShouldBeOfType<UnderlayFinding.Missing>().Wanted;
        missing.ShouldContain(wanted);
        missing.ShouldNotContain("cni0");
    }

    [Fact]
    public void In_the_place_of_a_lost_address_comes_one_of_a_network_and_no_virtual_one()
    {
        Node.Ip("address add 192.168.77.100/32 dev eth0");
        UnderlayInterface before = Find(("Interface", "eth0"));
        Node.Ip("address delete 192.168.77.1/24 dev eth0");
        FindAgain(before, ("Interface", "eth0")).ShouldBeNull();
        Node.Ip("address add 192.168.77.7/24 dev eth0");
        FindAgain(before, ("Interface", "eth0"))!.Ipv4.ShouldBe(IpAddress.Parse("192.168.77.7").ToIpv4());
    }

    [Fact]
    public void An_address_on_the_loopback_device_has_the_mtu_of_the_way_to_others()
    {
        Node.Ip("address add 192.0.2.9/32 dev lo");
        UnderlayInterface underlay = Find(("Interface", "192.0.2.9"));
        underlay.Link.Name.ShouldBe("lo");
        underlay.PodMtu(IpFamily.IPv4).ShouldBe(1450);
    }

    [Fact]
    public void Without_a_default_route_the_mtu_for_an_address_on_the_loopback_device_is_waited_for_unless_it_is_set()
    {
        Node.Ip("address add 192.0.2.9/32 dev lo", "route delete default");
        Look(("Interface", "lo")).ShouldBeOfType<UnderlayFinding.Missing>().Wanted.ShouldContain("Network:Mtu");
        Find(("Interface", "lo"), ("Network:Mtu", "1450")).Link.Name.ShouldBe("lo");
    }

    [Theory]
    [InlineData("Interface", "an-interface-with-a-long-name")]
    [InlineData("Interface", "eth0:1")]
    [InlineData("PublicIpV6", "2001:db8::1")]
    public void What_cannot_be_an_underlay_is_named(string key, string value) =>
        Should.Throw<ConfigurationException>(
            () => Find((key, value))).Message.ShouldContain($"Overlay:{key} '{value}'");

    [Fact]
    public void Another_address_in_the_place_of_one_that_is_gone_is_found_and_one_that_stays_is_kept()
    {
        UnderlayInterface before = Find(("Interface", "eth0"));
        Node.Ip("address add 192.168.77.50/24 dev eth0");
        FindAgain(before, ("Interface", "eth0"))!.IsLike(before).ShouldBeTrue("the one it has is still there");
        Node.Ip("address delete 192.168.77.1/24 dev eth0", "address replace 192.168.77.50/24 dev eth0");
        UnderlayInterface now = FindAgain(before, ("Interface", "eth0")).ShouldNotBeNull();
        now.Ipv4.ShouldBe(IpAddress.Parse("192.168.77.50").ToIpv4());
        now.IsLike(before).ShouldBeFalse();
        Node.Ip("address delete 192.168.77.50/24 dev eth0");
        FindAgain(before, ("Interface", "eth0")).ShouldBeNull("it has none");
    }

    [Fact]
    public void Of_two_families_one_that_moves_goes_alone_and_one_that_is_lost_is_waited_for()
    {
        (string, string)[] keys = [("Interface", "eth0"), .. TestOptions.DualStack];
        UnderlayInterface before = Find(keys);
        Node.Ip("address delete fd77::1/64 dev eth0");
        FindAgain(before, keys).ShouldBeNull();
        Node.Ip("address delete 192.168.77.1/24 dev eth0", "address add 192.168.77.50/24 dev eth0");
        UnderlayInterface alone = FindAgain(before, keys).ShouldNotBeNull();
        alone.Ipv6.ShouldBeNull();
        Node.Ip("address add fd77::50/64 dev eth0 nodad");
        FindAgain(alone, keys)!.Ipv6.ShouldBe(IpAddress.Parse("fd77::50").ToIpv6(), "late is not too late");
    }

    [Fact]
    public void Another_mtu_and_another_device_of_the_name_are_another_underlay()
    {
        UnderlayInterface before = Find(("Interface", "eth0"));
        Node.Ip("link set eth0 mtu 1400");
        FindAgain(before, ("Interface", "eth0"))!.IsLike(before).ShouldBeFalse();
        Node.Ip("link delete eth0");
        FindAgain(before, ("Interface", "eth0")).ShouldBeNull();
    }

    public void Dispose() => _lab.Dispose();

    private UnderlayInterface? FindAgain(UnderlayInterface before, params (string, string)[] keys)
    {
        using RouteNetlink netlink = Node.Invoke(() => new RouteNetlink());
        return UnderlayDiscovery.FindAgain(netlink, TestOptions.With(keys), before);
    }

    private UnderlayInterface Find(params (string, string)[] keys) =>
        Look(keys).ShouldBeOfType<UnderlayFinding.Found>().Interface;

    private UnderlayFinding Look(params (string, string)[] keys)
    {
        using RouteNetlink netlink = Node.Invoke(() => new RouteNetlink());
        return UnderlayDiscovery.Find(netlink, TestOptions.With(keys));
    }
}
