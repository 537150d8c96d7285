using Overlay.Daemon.Firewall;
using Overlay.Daemon.Options;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

public class NftTableTests
{
    [Fact]
    public void Translates_as_flannel_does_and_leaves_the_tunnels_alone() =>
        NftTable.For(IpFamily.IPv4, TestOptions.With(), "overlay.1").Rules.ShouldBe("""
            table ip overlay-1
            delete table ip overlay-1
            table ip overlay-1 {
              chain prerouting {
                type filter hook prerouting priority raw; policy accept;
                udp dport 8472 fib daddr type local notrack
              }
              chain output {
                type filter hook output priority raw; policy accept;
                udp dport 8472 fib saddr type local notrack
              }
              chain postrouting {
                type nat hook postrouting priority srcnat; policy accept;
                oifname "overlay.1" fib saddr type local ip saddr != 10.244.1.0 snat to 10.244.1.0
                meta mark & 0x00004000 == 0x00004000 return
                ip saddr 10.244.1.0/24 ip daddr 10.244.0.0/16 return
                ip saddr 10.244.0.0/16 ip daddr 10.244.1.0/24 return
                ip saddr != 10.244.0.0/16 ip daddr 10.244.1.0/24 return
                ip saddr 10.244.0.0/16 ip daddr != 224.0.0.0/4 meta l4proto udp masquerade to :8473-65535 fully-random
                ip saddr 10.244.0.0/16 ip daddr != 224.0.0.0/4 masquerade fully-random
                ip saddr != 10.244.0.0/16 ip daddr 10.244.0.0/16 meta l4proto udp masquerade to :8473-65535 fully-random
                ip saddr != 10.244.0.0/16 ip daddr 10.244.0.0/16 masquerade fully-random
              }
            }

            """);

    [Fact]
    public void Ipv6_is_the_same_by_its_own_names()
    {
        string rules = NftTable.For(IpFamily.IPv6, TestOptions.With(
            [.. TestOptions.DualStack, ("Network:Vni", "42"), ("Network:Port", "60000")]), "overlay.42").Rules;
        rules.ShouldStartWith("table ip6 overlay-42\ndelete table ip6 overlay-42\n");
        rules.ShouldContain(
            "oifname \"overlay.42\" fib saddr type local ip6 saddr != fd00:10:244:1:: snat to fd00:10:244:1::\n");
        rules.ShouldContain(
            "ip6 saddr fd00:10:244::/56 ip6 daddr != ff00::/8 meta l4proto udp masquerade to :1024-59999 "
            + "fully-random\n");
        rules.ShouldNotContain("10.244.0.0");
    }

    [Fact]
    public void Where_another_masquerades_only_this_hosts_own_packets_are_translated()
    {
        string rules = NftTable.For(IpFamily.IPv4, TestOptions.With(("IpMasq", "false")), "overlay.1").Rules;
        rules.ShouldContain("snat to 10.244.1.0");
        rules.ShouldNotContain("masquerade");
    }

    [Fact]
    public void Further_destinations_see_pods_own_addresses_each_family_its_own()
    {
        OverlayOptions options = TestOptions.With(
            [.. TestOptions.DualStack, ("NonMasqueradeCidrs:0", "192.168.0.0/16"),
                ("NonMasqueradeCidrs:1", "fd77::/64"), ("NonMasqueradeCidrs:2", "172.16.0.0/12")]);
        NftTable.For(IpFamily.IPv4, options, "overlay.1").Rules.ShouldContain(
            "ip daddr { 192.168.0.0/16, 172.16.0.0/12 } return\n");
        NftTable.For(IpFamily.IPv6, options, "overlay.1").Rules.ShouldContain("ip6 daddr { fd77::/64 } return\n");
    }

    [Fact]
    public void Without_pods_of_a_family_only_the_tunnels_are_thought_of()
    {
        string rules = NftTable.For(IpFamily.IPv6, TestOptions.With(), "overlay.1").Rules;
        rules.ShouldContain("notrack");
        rules.ShouldNotContain("postrouting");
    }
}
