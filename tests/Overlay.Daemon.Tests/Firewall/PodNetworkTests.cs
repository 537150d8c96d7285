using Overlay.Wire;

namespace Overlay.Daemon.Tests;

public class PodNetworkTests
{
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
        new PodNetwork(IpPrefix.Parse("10.244.0.0/16"), "overlay.1").IsNamedIn(rule).ShouldBe(isNamed);
}
