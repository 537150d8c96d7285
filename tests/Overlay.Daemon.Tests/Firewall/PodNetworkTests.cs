using Overlay.Daemon.Firewall;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

public class PodNetworkTests
{
    private static PodNetwork Pods => new(IpPrefix.Parse("10.244.0.0/16"), "overlay.1");

    [Theory]
    [InlineData("ip saddr 10.244.0.0/16 accept", true)]
    [InlineData("ip saddr { 10.0.0.0/8, 192.168.0.0/16 } accept", true)]
    [InlineData("iifname \"overlay.1\" accept", true)]
    [InlineData("-i overlay.1 -o eth0 ", true)]
    [InlineData("ip saddr 10.244.1.0/24 accept", false)]
    [InlineData("ip saddr 10.244.0.1 accept", false)]
    [InlineData("iifname \"overlay.10\" accept", false)]
    [InlineData("iifname \"my-overlay.1\" accept", false)]
    [InlineData("ct state established accept", false)]
    public void A_rule_that_speaks_of_pods_is_told_from_one_that_does_not(string rule, bool isNamed) =>
        Pods.IsNamedIn(rule).ShouldBe(isNamed);

    [Theory]
    [InlineData("ip saddr 10.0.0.0/8 accept", true)]
    [InlineData("ip saddr { 10.0.0.0/8, 192.168.0.0/16 } counter log prefix \"pods \" accept comment \"pods\"", true)]
    [InlineData("iifname \"overlay.1\" ip daddr 10.244.0.0/16 accept", true)]
    [InlineData("ip saddr @pods accept", true)]
    [InlineData("ip saddr 10.244.0.0/16 oifname \"eth0\" goto filter_FWD_trusted", true)]
    [InlineData("iifname vmap { \"lo\" : accept, \"overlay.1\" : jump pods }", true)]
    [InlineData("ip saddr @others accept", false)]
    [InlineData("ip saddr != 10.0.0.0/8 accept", false)]
    [InlineData("ip saddr 10.0.0.0/8 icmp type echo-request accept", false)]
    [InlineData("ip saddr 10.0.0.0/8 ip daddr 198.51.100.0/24 accept", false)]
    [InlineData("ct state established ip saddr 10.0.0.0/8 accept", false)]
    [InlineData("ip saddr != 10.0.0.0/8 jump others", false)]
    [InlineData("ip saddr 10.244.0.0/16 drop", false)]
    [InlineData("accept", false)]
    public void A_rule_of_nft_lets_all_pods_packets_pass_or_only_some(string rule, bool isAccepted) =>
        Pods.IsAcceptedBy($$"""
            table ip fw {
            	set pods {
            		type ipv4_addr
            		flags interval
            		elements = { 10.244.0.0/16,
            			     192.168.0.0/16 }
            	}
            	set others {
            		type ipv4_addr
            		elements = { 198.51.100.1 }
            	}
            	chain forward {
            		type filter hook forward priority filter; policy drop;
            		{{rule}}
            	}
            }
            """).ShouldBe(isAccepted);
}
