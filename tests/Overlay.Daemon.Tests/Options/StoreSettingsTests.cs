using Overlay.ControlPlane.Leases;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Daemon.Underlay;
using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

public class StoreSettingsTests
{
    private static readonly StoreLocation _store = new("Etcd", "http://127.0.0.1:2379 /coreos.com/network");

    private static readonly NetworkSettings _network = new()
    {
        Cidr = IpPrefix.Parse("10.5.0.0/16"),
        SubnetLength = 25,
        SubnetLengthV6 = 64,
        Vni = new Vni(7),
        Port = 4789,
        UnderlayMtu = 1400,
        DirectRouting = true,
    };

    [Fact]
    public void What_the_configuration_leaves_open_the_store_says()
    {
        OverlayOptions options = Complete(Configured());
        options.Network.Cidr.ShouldBe(_network.Cidr);
        options.Network.CidrV6.ShouldBeNull();
        options.Network.SubnetLength.ShouldBe(25);
        options.Network.Vni.ShouldBe(new Vni(7));
        options.Network.Port.ShouldBe((ushort)4789);
        options.Network.UnderlayMtu.ShouldBe(1400);
        options.Network.DirectRouting.ShouldBeTrue();
    }

    [Fact]
    public void What_both_say_alike_is_no_contradiction() =>
        Complete(Configured(("Network:Cidr", "10.5.0.0/16"), ("Network:Vni", "7"),
            ("Network:SubnetLength", "25"))).Network.Vni.ShouldBe(new Vni(7));

    [Theory]
    [InlineData("Network:Cidr", "10.6.0.0/16", "10.5.0.0/16")]
    [InlineData("Network:CidrV6", "fd00:5::/48", "the absence of it")]
    [InlineData("Network:SubnetLength", "24", "25")]
    [InlineData("Network:Vni", "1", "7")]
    [InlineData("Network:Port", "8472", "4789")]
    public void What_contradicts_the_store_is_refused_with_both_values(string key, string configured, string said)
    {
        string fault = Should.Throw<ConfigurationException>(
            () => Complete(Configured((key, configured)))).Faults.ShouldHaveSingleItem();
        fault.ShouldStartWith($"Overlay:{key} '{configured}' contradicts {said} in Etcd http://127.0.0.1:2379");
        fault.ShouldContain("; example: ");
    }

    [Fact]
    public void Whether_a_plain_route_will_do_is_each_nodes_own_affair() =>
        Complete(Configured(("Network:DirectRouting", "false"))).Network.DirectRouting.ShouldBeFalse();

    [Fact]
    public void Public_addresses_of_the_nodes_object_win()
    {
        OverlayOptions options = StoreSettings.Complete(
            TestOptions.With(("PublicIp", "192.0.2.1"), ("PublicIpV6", "2001:db8::1")),
            new NodeSettings(null, IpAddress.Parse("192.0.2.9"), null), _store);
        options.PublicIp.ShouldBe(IpAddress.Parse("192.0.2.9"));
        options.PublicIpV6.ShouldBe(IpAddress.Parse("2001:db8::1"));
        options.Network.Cidr.ShouldBe(IpPrefix.Parse("10.244.0.0/16"));
    }

    [Fact]
    public void Pod_cidrs_of_a_family_without_pods_are_passed_over_and_missing_ones_named()
    {
        PodCidrs both = new(IpPrefix.Parse("10.5.1.0/25"), IpPrefix.Parse("fd00:5:1::/64"));
        OverlayOptions options = StoreSettings.Assign(Complete(Configured()), both);
        options.Subnet.ShouldBe(both.Ipv4);
        options.SubnetV6.ShouldBeNull();
        Should.Throw<ConfigurationException>(
            () => StoreSettings.Assign(Complete(Configured()), new PodCidrs(null, both.Ipv6)))
            .Faults.ShouldHaveSingleItem().ShouldStartWith("Overlay:Network:Cidr '10.5.0.0/16' ");
    }

    [Fact]
    public void The_stores_mtu_is_the_underlays_and_no_more_than_the_interfaces()
    {
        Of(1400, 9000).ShouldBe(1350);
        Of(9000, 1500).ShouldBe(1450);

        static int Of(int said, int has) => OverlayMtu.For(
            Complete(Configured(), said), new UnderlayInterface(
                new LinkInfo(2, "eth0", has, true, ""), IpAddress.Parse("192.0.2.1").ToIpv4(), null, [])).Pod;
    }

    private static OverlayOptions Configured(params (string, string)[] keys) =>
        TestOptions.With([("ControlPlane:Kind", "Etcd"), ("Network:Cidr", ""), ("Subnet", ""), .. keys]);

    private static OverlayOptions Complete(OverlayOptions options, int mtu = 1400) =>
        StoreSettings.Complete(options, new NodeSettings(_network with { UnderlayMtu = mtu }, null, null), _store);
}
