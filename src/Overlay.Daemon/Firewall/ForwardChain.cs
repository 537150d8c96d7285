using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Overlay.Wire;

namespace Overlay.Daemon;

/// <summary>Our chain behind all rules of FORWARD in one iptables of the host, where that chain's policy is to drop.</summary>
/// <remarks>One chain for each network of a host: another overlayd there has its own. What an earlier run left is taken over.</remarks>
internal sealed partial class ForwardChain(string tool, Vni vni, PodNetwork pods, ILogger logger)
{
    // At most 24 characters, of 28 that iptables takes.
    private readonly string _name = $"OVERLAY-FORWARD-{vni}";

    private bool _isMade;

    /// <summary>The program: <c>iptables-nft</c> and the like.</summary>
    public string Tool => tool;

    /// <summary>Makes the chain where it is needed, and what is missing of it.</summary>
    /// <returns>What keeps pods' packets from being forwarded all the same; null when nothing.</returns>
    /// <exception cref="IOException">The tool failed.</exception>
    public string? Repair()
    {
        string[] rules = Rules();
        _isMade |= rules.Contains($"-N {_name}");
        if (rules.Contains("-P FORWARD DROP")) Ensure(rules);
        return Verdict(rules, "FORWARD") == false
            ? $"chain FORWARD of {tool} refuses what it does not know, before its end: pods' packets that are forwarded need rules there: "
                + $"{tool} -I FORWARD -s {pods.Cluster} -j ACCEPT; {tool} -I FORWARD -d {pods.Cluster} -j ACCEPT"
            : null;
    }

    /// <summary>Removes what was made or taken over, in one piece.</summary>
    /// <exception cref="IOException">The tool failed.</exception>
    public void Remove()
    {
        if (!_isMade) return;
        string[] rules = Rules();
        if (rules.Contains($"-N {_name}"))
        {
            IEnumerable<string> jumps = rules.Where(rule => rule == Jump).Select(static rule => $"-D{rule[2..]}\n");
            Restore($"{string.Concat(jumps)}:{_name} - [0:0]\n-X {_name}\n");
        }

        _isMade = false;
    }

    private string Jump => $"-A FORWARD -j {_name}";

    private void Ensure(string[] rules)
    {
        string[] wanted = [$"-A {_name} -s {pods.Cluster} -j ACCEPT", $"-A {_name} -d {pods.Cluster} -j ACCEPT"];
        bool isJumpedTo = rules.Contains(Jump);
        if (isJumpedTo && rules.Where(rule => rule.StartsWith($"-A {_name} ", StringComparison.Ordinal)).SequenceEqual(wanted)) return;
        Restore($":{_name} - [0:0]\n{string.Join('\n', wanted)}\n{(isJumpedTo ? "" : $"{Jump}\n")}");
        _isMade = true;
        logger.LogInformation("this host's policy is to forward nothing ({Tool}): rules for {Cluster} are added in chain {Chain}", tool, pods.Cluster, _name);
    }

    private string[] Rules() => HostTool.Run(tool, "", "-w", "5", "-S").Split('\n');

    private void Restore(string lines) => HostTool.Run($"{tool}-restore", $"*filter\n{lines}COMMIT\n", "-w", "5", "--noflush");

    // What becomes of a packet that no condition holds for, and of pods': true and false where a rule says it, null at a chain's end.
    private bool? Verdict(string[] rules, string chain)
    {
        foreach (Match rule in rules.Where(rule => rule.StartsWith($"-A {chain} ", StringComparison.Ordinal)).Select(static rule => RuleLine().Match(rule)).Where(static match => match.Success))
        {
            string conditions = Comment().Replace(rule.Groups["conditions"].Value, "");
            string target = rule.Groups["target"].Value;
            if (conditions.Length > 0)
            {
                // Rules about connections let answers pass, and not what is asked.
                if (target == "ACCEPT" && !conditions.Contains("state ", StringComparison.Ordinal) && pods.IsNamedIn(conditions)) return true;
                continue;
            }

            if (target == "ACCEPT" || target == _name) return true;
            if (target is "DROP" or "REJECT") return false;
            if (target == "RETURN") return null;
            if (Verdict(rules, target) is { } verdict) return verdict;
            if (rule.Groups["verb"].Value == "g") return null;
        }

        return null;
    }

    [GeneratedRegex(@"^-A \S+ (?<conditions>.*?)-(?<verb>[jg]) (?<target>\S+)")]
    private static partial Regex RuleLine();

    [GeneratedRegex(@"-m comment --comment (""[^""]*""|\S+) ")]
    private static partial Regex Comment();
}
