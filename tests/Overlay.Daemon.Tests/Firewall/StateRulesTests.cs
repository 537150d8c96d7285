using Overlay.Daemon.Firewall;

namespace Overlay.Daemon.Tests;

/// <summary>Which rules of a host accept tunnels only where these are tracked.</summary>
public sealed class StateRulesTests
{
    private const string Answers = "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";
    private const string New = "-A INPUT -p udp -m udp --dport 8472 -m state --state NEW -j ACCEPT";

    [Theory]
    [InlineData("-P INPUT DROP", "-A INPUT -i lo -j ACCEPT", Answers, New)]
    [InlineData("-P INPUT ACCEPT", Answers, New, "-A INPUT -j REJECT --reject-with icmp-host-prohibited")]
    [InlineData("-P INPUT DROP", "-A INPUT -p udp -m multiport --dports 53,8000:9000 -m state --state NEW -j ACCEPT")]
    [InlineData("-P INPUT DROP", "-A INPUT -m state --state NEW -j FRESH", "-A FRESH -p udp --dport 8472 -j ACCEPT")]
    [InlineData("-P INPUT DROP", "-A INPUT -i eth0 -j W", "-A W -m conntrack ! --ctstate INVALID,UNTRACKED -j ACCEPT")]
    [InlineData("-P OUTPUT DROP", "-A OUTPUT -p udp -m state --state NEW,ESTABLISHED -j ACCEPT")]
    [InlineData("-P INPUT DROP", Answers, "-A INPUT -s 192.0.2.0/24 -p udp -m state --state NEW -j ACCEPT")]
    [InlineData("-P INPUT DROP", "-A INPUT -i eth0 -p udp -m conntrack --ctstate NEW -m udp --dport 8472 -j ACCEPT")]
    public void A_rule_for_new_connections_before_a_drop_is_found(params string[] rules) =>
        StateRules.FindInIptables(rules, 8472).ShouldNotBeNull();

    [Theory]
    [InlineData("-P INPUT ACCEPT", Answers, New)]
    [InlineData("-P INPUT DROP", "-A INPUT -p udp -m udp --dport 8472 -j ACCEPT", New)]
    [InlineData("-P INPUT DROP", New, "-A INPUT -p udp -m multiport --dports 53,8472 -j ACCEPT")]
    [InlineData("-P INPUT DROP", Answers, "-A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT")]
    [InlineData("-P INPUT DROP", Answers, "-A INPUT -p udp -m state --state NEW -m udp --dport 53 -j ACCEPT")]
    [InlineData("-P INPUT DROP", "-A INPUT -m conntrack --ctstate NEW,UNTRACKED -j ACCEPT")]
    [InlineData("-P INPUT DROP", Answers, "-P OUTPUT ACCEPT", "-A OUTPUT -p udp -m conntrack --ctstate NEW -j ACCEPT")]
    [InlineData("-P INPUT DROP", "-A INPUT -i lo -m state --state NEW -j ACCEPT")]
    [InlineData("-P FORWARD DROP", "-A FORWARD -m state --state NEW -j ACCEPT")]
    public void Rules_that_make_no_difference_are_passed_over(params string[] rules) =>
        StateRules.FindInIptables(rules, 8472).ShouldBeNull();

    [Theory]
    [InlineData("udp dport 8472 ct state new accept", "OnlyTracked", "accept")]
    [InlineData("ct state { established, related } accept", "Never", "accept")]
    [InlineData("udp dport { 53, 8000-9000 } ct state new,untracked counter accept", "Always", "accept")]
    [InlineData("tcp dport 22 ct state new accept comment \"a drop\"", "Never", "accept")]
    [InlineData("ip saddr 192.0.2.0/24 ct state new accept", "OnlyTracked", "accept")]
    [InlineData("ip saddr 192.0.2.0/24 udp dport 8472 accept", "Perhaps", "accept")]
    [InlineData("iifname \"eth0\" ct state established accept", "Never", "accept")]
    [InlineData("counter packets 3 bytes 4 accept", "Always", "accept")]
    [InlineData("iif \"lo\" accept", "Never", "accept")]
    [InlineData("meta l4proto { tcp, udp } th dport 8472 goto inbound", "Always", "goto")]
    [InlineData("log prefix \"refused: \" reject with icmpx admin-prohibited", "Always", "drop")]
    [InlineData("iifname vmap { \"lo\" : accept, \"eth0\" : jump wan }", "Perhaps", "jump")]
    public void A_rule_of_nft_is_read_for_the_tunnels_packet(string line, string meets, string verb)
    {
        FilterRule rule = NftRule.Read($"\t\t{line}", 8472).ShouldHaveSingleItem();
        $"{rule.Meets}".ShouldBe(meets);
        rule.Verb.ShouldBe(verb);
    }

    [Theory]
    [InlineData("\ttype filter hook input priority filter; policy drop;")]
    [InlineData("\tchain input {")]
    [InlineData("\t\tct state vmap { invalid : drop, established : accept }")]
    public void Other_lines_of_nft_are_no_rules(string line) => NftRule.Read(line, 8472).ShouldBeEmpty();
}
