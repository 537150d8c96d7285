using Microsoft.Extensions.Logging.Abstractions;
using Overlay.Daemon.Firewall;
using Overlay.Lab.Topology;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

/// <summary>The chain in FORWARD, in the iptables of a namespace: of both kinds.</summary>
public sealed class ForwardChainTests : IDisposable
{
    private const string Jump = "-A FORWARD -j OVERLAY-FORWARD-1";
    private const string From = "-A OVERLAY-FORWARD-1 -s 10.244.0.0/16 -j ACCEPT";
    private const string To = "-A OVERLAY-FORWARD-1 -d 10.244.0.0/16 -j ACCEPT";

    private static readonly PodNetwork _pods = new(IpPrefix.Parse("10.244.0.0/16"), "overlay.1");

    private readonly LabNetwork _lab =
        LabNetwork.Create(new LabOptions { Name = "fwdchain", Nodes = 1, PodsPerNode = 0 });
    private readonly CollectingLogger<ForwardChain> _logger = new();

    public static TheoryData<string> Tools => ["iptables-nft", "iptables-legacy"];

    private Node Node => _lab.Nodes[0];

    [Theory]
    [MemberData(nameof(Tools))]
    public void Where_the_policy_is_to_drop_pods_rules_stand_behind_all_others_until_they_are_removed(string tool)
    {
        string[] before = Rules(tool, "-P FORWARD DROP", "-A FORWARD -s 192.0.2.0/24 -j DROP");
        ForwardChain chain = Chain(tool, _pods);
        Repair(chain).ShouldBeNull();
        string[] made = Rules(tool);
        made.ShouldBe([.. before.Append("-N OVERLAY-FORWARD-1").Concat([Jump, From, To])], ignoreOrder: true);
        made.Where(static rule => rule.StartsWith("-A FORWARD", StringComparison.Ordinal)).Last().ShouldBe(Jump);

        // A second look changes nothing and logs nothing.
        Repair(chain).ShouldBeNull();
        Rules(tool).ShouldBe(made);
        _logger.Of(Microsoft.Extensions.Logging.LogLevel.Information)
            .ShouldHaveSingleItem().ShouldContain("10.244.0.0/16");

        Node.Invoke(chain.Remove);
        Rules(tool).ShouldBe(before);
    }

    [Fact]
    public void Where_the_policy_is_to_accept_nothing_is_made()
    {
        string[] before = Rules("iptables-nft", "-A FORWARD -s 192.0.2.0/24 -j DROP");
        ForwardChain chain = Chain("iptables-nft", _pods);
        Repair(chain).ShouldBeNull();
        Node.Invoke(chain.Remove);
        Rules("iptables-nft").ShouldBe(before);
    }

    [Theory]
    [InlineData(Jump)]
    [InlineData(To)]
    public void A_rule_that_another_program_deletes_is_put_back(string rule)
    {
        _ = Rules("iptables-nft", "-P FORWARD DROP");
        ForwardChain chain = Chain("iptables-nft", _pods);
        Repair(chain).ShouldBeNull();
        string[] made = Rules("iptables-nft");
        Rules("iptables-nft", $"-D{rule[2..]}").ShouldNotContain(rule);
        Repair(chain).ShouldBeNull();
        Rules("iptables-nft").ShouldBe(made);
    }

    [Theory]
    [InlineData("-A FORWARD -j DROP", true)]
    [InlineData("-A FORWARD -j REJECT", true)]
    [InlineData("-A FORWARD -p tcp -j DROP", false)]
    [InlineData("-A FORWARD -s 10.0.0.0/8 -j ACCEPT", false)]
    public void A_refusal_before_the_end_is_reported_with_the_rules_that_pods_need(string rule, bool isRefusal)
    {
        _ = Rules("iptables-nft", "-P FORWARD DROP", rule);
        string? problem = Repair(Chain("iptables-nft", _pods));
        if (!isRefusal)
        {
            problem.ShouldBeNull();
            return;
        }

        problem.ShouldNotBeNull().ShouldContain(
            "iptables-nft -I FORWARD -s 10.244.0.0/16 -j ACCEPT; iptables-nft -I FORWARD -d 10.244.0.0/16 -j ACCEPT");
        _ = Rules("iptables-nft", "-I FORWARD -s 10.244.0.0/16 -j ACCEPT", "-I FORWARD -d 10.244.0.0/16 -j ACCEPT");
        Repair(Chain("iptables-nft", _pods)).ShouldBeNull("the advice helps");
    }

    [Fact]
    public void A_chain_that_an_earlier_run_left_is_removed_also_for_a_family_without_pods()
    {
        _ = Rules("iptables-nft", "-P FORWARD DROP");
        Repair(Chain("iptables-nft", _pods)).ShouldBeNull();
        ForwardChain withoutPods = Chain("iptables-nft", null);
        Repair(withoutPods).ShouldBeNull();
        Rules("iptables-nft").ShouldContain(Jump);
        Node.Invoke(withoutPods.Remove);
        Rules("iptables-nft").ShouldAllBe(static rule => !rule.Contains("OVERLAY", StringComparison.Ordinal));
    }

    [Fact]
    public void A_chain_of_a_network_without_a_device_is_removed_and_one_in_use_stays()
    {
        Node.Ip("link add overlay.7 type bridge");
        _ = Rules(
            "iptables-nft", "-N OVERLAY-FORWARD-7", "-A FORWARD -j OVERLAY-FORWARD-7", "-N OVERLAY-FORWARD-8",
            "-A FORWARD -j OVERLAY-FORWARD-8", "-N OVERLAY-OTHER", "-N OVERLAY-FORWARD-x");
        Repair(Chain("iptables-nft", _pods)).ShouldBeNull();
        string[] rules = Rules("iptables-nft");
        rules.ShouldContain("-A FORWARD -j OVERLAY-FORWARD-7");
        rules.ShouldNotContain("-A FORWARD -j OVERLAY-FORWARD-8");
        rules.ShouldNotContain("-N OVERLAY-FORWARD-8");
        rules.ShouldContain("-N OVERLAY-OTHER");
        rules.ShouldContain("-N OVERLAY-FORWARD-x");
    }

    public void Dispose() => _lab.Dispose();

    private ForwardChain Chain(string tool, PodNetwork? pods) =>
        new(new IptablesTool(tool), new Vni(1), pods, new FormerNetworks(new Vni(1), NullLogger.Instance), _logger);

    private string? Repair(ForwardChain chain) => Node.Invoke(chain.Repair);

    // Applies changes in order, and lists what there is then.
    private string[] Rules(string tool, params string[] changes)
    {
        foreach (string change in changes) Node.Run(tool, change.Split(' ')).Succeeded.ShouldBeTrue(change);
        return Node.Run(tool, "-S").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
