using Overlay.Daemon.Firewall;
using Overlay.Lab.Topology;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

/// <summary>Chains of nftables on the way of forwarded packets, in a namespace.</summary>
public sealed class ForwardHookTests : IDisposable
{
    private static readonly PodNetwork _pods = new(IpPrefix.Parse("10.244.0.0/16"), "overlay.1");
    private static readonly PodNetwork _podsV6 = new(IpPrefix.Parse("fd00:10:244::/56"), "overlay.1");

    private readonly LabNetwork _lab =
        LabNetwork.Create(new LabOptions { Name = "fwdhook", Nodes = 1, PodsPerNode = 0 });

    private Node Node => _lab.Nodes[0];

    [Fact]
    public void Only_base_chains_of_the_forward_hook_are_listed_each_with_its_policy()
    {
        Nft("""
            table inet fw {
              chain input { type filter hook input priority 0; policy drop; }
              chain own { drop; }
              chain through { type filter hook forward priority 5; policy drop; }
            }
            table ip6 second { chain pass { type filter hook forward priority 0; policy accept; } }
            """);
        Node.Invoke(ForwardHook.List)
            .ShouldBe([new("inet", "fw", "through", true), new("ip6", "second", "pass", false)], ignoreOrder: true);
    }

    [Theory]
    [InlineData("policy accept;", null)]
    [InlineData("policy accept; counter drop", "drops")]
    [InlineData("policy accept; log prefix \"no \" reject with icmp type host-unreachable", "rejects")]
    [InlineData("policy accept; ip saddr 192.0.2.0/24 drop", null)]
    [InlineData("policy drop;", "drops")]
    [InlineData("policy drop; accept", null)]
    [InlineData("policy drop; ip saddr 10.0.0.0/8 accept", null)]
    [InlineData("policy drop; ip saddr 192.0.2.0/24 accept", "drops")]
    public void A_chain_that_refuses_pods_packets_is_reported_with_the_command_that_lets_them_pass(
        string rules, string? verb)
    {
        Nft($"table ip fw {{ chain through {{ type filter hook forward priority 0; {rules}\n}}\n}}");
        if (verb is null)
        {
            Judge(_pods).ShouldBeNull();
            return;
        }

        string problem = Judge(_pods).ShouldNotBeNull();
        problem.ShouldStartWith($"chain through of table ip fw {verb} what it does not know: ");
        problem.ShouldContain(
            "nft 'insert rule ip fw through ip saddr 10.244.0.0/16 accept; insert rule ip fw through ip daddr "
            + "10.244.0.0/16 accept'");
        Nft(problem[(problem.IndexOf("nft '", StringComparison.Ordinal) + 5)..problem.LastIndexOf('\'')]);
        Judge(_pods).ShouldBeNull("the advice helps");
    }

    [Fact]
    public void A_chain_of_one_family_is_not_asked_about_pods_of_the_other()
    {
        Nft("table ip6 fw { chain through { type filter hook forward priority 0; policy drop; } }");
        Judge(_pods).ShouldBeNull();
        Judge(_pods, _podsV6).ShouldNotBeNull().ShouldNotContain("10.244.0.0/16");
    }

    [Fact]
    public void For_firewalld_the_advice_is_its_own_command()
    {
        Nft("table inet firewalld { chain filter_FORWARD { type filter hook forward priority 10; policy drop; } }");
        Judge(_pods, _podsV6).ShouldNotBeNull().ShouldEndWith(
            "firewall-cmd --permanent --zone=trusted --add-source=10.244.0.0/16 --add-source=fd00:10:244::/56; "
            + "firewall-cmd --reload");
    }

    public void Dispose() => _lab.Dispose();

    private string? Judge(params PodNetwork[] pods) =>
        Node.Invoke(() => ForwardHook.List().ShouldHaveSingleItem().Judge(pods));

    private void Nft(string rules)
    {
        string file = Path.Combine(_lab.Directory, "rules.nft");
        // nft wants a line's end, or a semicolon, behind each block.
        File.WriteAllText(file, rules.Replace("} }", "}\n}", StringComparison.Ordinal));
        Node.Run("nft", "-f", file).Succeeded.ShouldBeTrue(rules);
    }
}
