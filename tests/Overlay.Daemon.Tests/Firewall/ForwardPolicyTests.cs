using Microsoft.Extensions.Logging.Abstractions;
using Overlay.Daemon.Firewall;
using Overlay.Lab.Topology;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

/// <summary>All chains of a host together: iptables' own are completed, others are reported.</summary>
public sealed class ForwardPolicyTests : IDisposable
{
    private readonly LabNetwork _lab =
        LabNetwork.Create(new LabOptions { Name = "fwdpolicy", Nodes = 1, PodsPerNode = 0 });

    private Node Node => _lab.Nodes[0];

    [Fact]
    public void Iptables_of_both_families_are_completed_and_left_as_they_were()
    {
        foreach (string tool in new[] { "iptables-nft", "ip6tables-nft" }) Run(tool, "-P", "FORWARD", "DROP");
        string before = Ruleset();
        ForwardPolicy policy = Policy(TestOptions.DualStack);
        Node.Invoke(policy.Repair).ShouldBeEmpty();
        Run("iptables-nft", "-C", "OVERLAY-FORWARD-1", "-s", "10.244.0.0/16", "-j", "ACCEPT");
        Run("ip6tables-nft", "-C", "OVERLAY-FORWARD-1", "-d", "fd00:10:244::/56", "-j", "ACCEPT");
        Node.Invoke(policy.Remove);
        Ruleset().ShouldBe(before);
    }

    [Fact]
    public void A_chain_of_another_program_is_reported_and_stays_as_it_is()
    {
        Run("nft",
            "add table inet fw; add chain inet fw through { type filter hook forward priority 0; policy drop; }");
        string before = Ruleset();
        ForwardPolicy policy = Policy();
        Node.Invoke(policy.Repair)
            .ShouldHaveSingleItem().ShouldStartWith("chain through of table inet fw drops what it does not know: ");
        Node.Invoke(policy.Remove);
        Ruleset().ShouldBe(before);
    }

    [Fact]
    public void A_table_that_iptables_refuses_is_judged_as_a_chain_of_another_program()
    {
        // iptables-nft does not take a table that has a rule which iptables cannot express.
        Run("nft",
            "add table ip filter; add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }; "
            + "add rule ip filter FORWARD meta mark set numgen inc mod 3");
        Node.Invoke(Policy().Repair)
            .ShouldHaveSingleItem().ShouldStartWith("chain FORWARD of table ip filter drops what it does not know: ");
    }

    public void Dispose() => _lab.Dispose();

    private static ForwardPolicy Policy(params (string, string)[] keys) =>
        new(TestOptions.With(
            keys), "overlay.1", new FormerNetworks(new Vni(1), NullLogger.Instance), NullLogger.Instance);

    private string Ruleset() => Node.Run("nft", "-s", "list", "ruleset").Output;

    private void Run(string program, params string[] arguments) =>
        Node.Run(program, arguments).Succeeded.ShouldBeTrue($"{program} {string.Join(' ', arguments)}");
}
