using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Overlay.Host.Programs;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Firewall;

/// <summary>Our chain behind all rules of FORWARD in one iptables of the host, where that chain's policy is to drop.</summary>
/// <remarks>
/// One chain for each network of a host: another overlayd there has its own. What an earlier run left is taken over, also
/// for a family that has no pods any more.
/// </remarks>
internal sealed partial class ForwardChain(string tool, Vni vni, PodNetwork? pods, FormerNetworks former, ILogger logger)
{
    private const string Prefix = "OVERLAY-FORWARD-";

    // At most 24 characters, of 28 that iptables takes.
    private readonly string _name = $"{Prefix}{vni}";

    private bool _isMade;

    /// <summary>The program: <c>iptables-nft</c> and the like.</summary>
    public string Tool => tool;

    /// <summary>There are pods of its family.</summary>
    public bool HasPods => pods is not null;

    /// <summary>Makes the chain where it is needed, and what is missing of it.</summary>
    /// <returns>What keeps pods' packets from being forwarded all the same; null when nothing.</returns>
    /// <exception cref="IOException">The tool failed.</exception>
    public string? Repair()
    {
        string[] rules = Rules();
        Prune(rules);
        _isMade |= rules.Contains($"-N {_name}");
        if (pods is not { } network) return null;
        if (rules.Contains("-P FORWARD DROP")) Ensure(rules, network.Cluster);
        return Verdict(rules, "FORWARD", network) == false
            ? $"chain FORWARD of {tool} refuses what it does not know, before its end: pods' packets that are forwarded need rules there: "
                + $"{tool} -I FORWARD -s {network.Cluster} -j ACCEPT; {tool} -I FORWARD -d {network.Cluster} -j ACCEPT"
            : null;
    }

    /// <summary>Removes what was made or taken over, in one piece.</summary>
    /// <exception cref="IOException">The tool failed.</exception>
    public void Remove()
    {
        if (!_isMade) return;
        string[] rules = Rules();
        if (rules.Contains($"-N {_name}")) Remove(rules, _name);
        _isMade = false;
    }

    private static string JumpTo(string chain) => $"-A FORWARD -j {chain}";

    private void Prune(string[] rules)
    {
        foreach (string name in rules.Where(static rule => rule.StartsWith($"-N {Prefix}", StringComparison.Ordinal)).Select(static rule => rule[3..]).Where(former.Owns))
        {
            Remove(rules, name);
            logger.LogInformation("chain {Chain} ({Tool}) was left by a daemon that is no more, and is removed", name, tool);
        }
    }

    // Each jump to it, should somebody have doubled one.
    private void Remove(string[] rules, string chain)
    {
        IEnumerable<string> jumps = rules.Where(rule => rule == JumpTo(chain)).Select(static rule => $"-D{rule[2..]}\n");
        Restore($"{string.Concat(jumps)}:{chain} - [0:0]\n-X {chain}\n");
    }

    private void Ensure(string[] rules, IpPrefix cluster)
    {
        string[] wanted = [$"-A {_name} -s {cluster} -j ACCEPT", $"-A {_name} -d {cluster} -j ACCEPT"];
        bool isJumpedTo = rules.Contains(JumpTo(_name));
        if (isJumpedTo && rules.Where(rule => rule.StartsWith($"-A {_name} ", StringComparison.Ordinal)).SequenceEqual(wanted)) return;
        Restore($":{_name} - [0:0]\n{string.Join('\n', wanted)}\n{(isJumpedTo ? "" : $"{JumpTo(_name)}\n")}");
        _isMade = true;
        logger.LogInformation("this host's policy is to forward nothing ({Tool}): rules for {Cluster} are added in chain {Chain}", tool, cluster, _name);
    }

    private string[] Rules() => HostTool.Run(tool, "", "-w", "5", "-S").Split('\n');

    private void Restore(string lines) => HostTool.Run($"{tool}-restore", $"*filter\n{lines}COMMIT\n", "-w", "5", "--noflush");

    // What becomes of a packet that no condition holds for, and of pods': true and false where a rule says it, null at a chain's end.
    private bool? Verdict(string[] rules, string chain, PodNetwork network)
    {
        foreach (Match rule in rules.Where(rule => rule.StartsWith($"-A {chain} ", StringComparison.Ordinal)).Select(static rule => RuleLine().Match(rule)).Where(static match => match.Success))
        {
            string conditions = Comment().Replace(rule.Groups["conditions"].Value, "");
            string target = rule.Groups["target"].Value;
            if (conditions.Length > 0)
            {
                if (target == "ACCEPT" && HoldsForPods(conditions, network)) return true;
                continue;
            }

            if (target == "ACCEPT" || target == _name) return true;
            if (target is "DROP" or "REJECT") return false;
            if (target == "RETURN") return null;
            if (Verdict(rules, target, network) is { } verdict) return verdict;
            if (rule.Groups["verb"].Value == "g") return null;
        }

        return null;
    }

    // A condition of another kind, as on the protocol or the connection, lets only some of them pass.
    private static bool HoldsForPods(string conditions, PodNetwork network) =>
        Ends().Match(conditions) is { Success: true } ends && ends.Groups["end"].Captures.All(end => network.IsNamedIn(end.Value));

    [GeneratedRegex(@"^(-[sdio] (?<end>\S+) )+$")]
    private static partial Regex Ends();

    [GeneratedRegex(@"^-A \S+ (?<conditions>.*?)-(?<verb>[jg]) (?<target>\S+)")]
    private static partial Regex RuleLine();

    [GeneratedRegex(@"-m comment --comment (""[^""]*""|\S+) ")]
    private static partial Regex Comment();
}
