using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Firewall;

/// <summary>
/// Our chain behind all rules of FORWARD in one iptables of the host, where that chain's policy is to drop.
/// </summary>
/// <remarks>
/// Each network of a host has a chain of its own, for another overlayd may run there. A chain that an earlier run left
/// is taken over, also for a family that has no pods any more.
/// </remarks>
internal sealed partial class ForwardChain(
    IptablesTool tool, Vni vni, PodNetwork? pods, FormerNetworks former, ILogger logger)
{
    private const string Prefix = "OVERLAY-FORWARD-";

    // At most 24 characters, of 28 that iptables takes.
    private readonly string _name = $"{Prefix}{vni}";

    private bool _isMade;

    /// <summary>The program that the chain belongs to.</summary>
    public IptablesTool Tool => tool;

    /// <summary>This node has pods of the chain's family.</summary>
    public bool HasPods => pods is not null;

    /// <summary>Makes the chain where it is needed, and rules of it that are missing.</summary>
    /// <returns>The reason why pods' packets are not forwarded all the same; null when they are.</returns>
    /// <exception cref="IOException">The tool failed.</exception>
    public string? Repair()
    {
        string[] rules = TakeOver();
        if (pods is not { } network) return null;
        if (rules.Contains("-P FORWARD DROP")) Ensure(rules, network.Cluster);
        return Verdict(rules, "FORWARD", network) == false
            ? $"chain FORWARD of {tool.Name} refuses what it does not know, before its end: pods' packets that are "
                + "forwarded need rules there: "
                + $"{tool.Name} -I FORWARD -s {network.Cluster} -j ACCEPT; {tool.Name} -I FORWARD -d {network.Cluster} -j ACCEPT"
            : null;
    }

    /// <summary>Takes over a chain that an earlier run left, and removes those of networks that are gone.</summary>
    /// <returns>The rules of the table before that.</returns>
    /// <exception cref="IOException">The tool failed.</exception>
    public string[] TakeOver()
    {
        string[] rules = tool.Rules();
        Prune(rules);
        _isMade |= rules.Contains($"-N {_name}");
        return rules;
    }

    /// <summary>Removes the chain that was made or taken over, in one transaction.</summary>
    /// <exception cref="IOException">The tool failed.</exception>
    public void Remove()
    {
        if (!_isMade) return;
        string[] rules = tool.Rules();
        if (rules.Contains($"-N {_name}")) Remove(rules, _name);
        _isMade = false;
    }

    private static string JumpTo(string chain) => $"-A FORWARD -j {chain}";

    private void Prune(string[] rules)
    {
        IEnumerable<string> names = rules.Where(
            static rule => rule.StartsWith($"-N {Prefix}", StringComparison.Ordinal)).Select(static rule => rule[3..]);
        foreach (string name in names.Where(former.Owns))
        {
            Remove(rules, name);
            logger.FormerChainRemoved(name, tool.Name);
        }
    }

    // All jumps to the chain, for another program may have doubled one.
    private void Remove(string[] rules, string chain)
    {
        IEnumerable<string> jumps = rules.Where(rule => rule == JumpTo(chain))
            .Select(static rule => $"-D{rule[2..]}\n");
        tool.Restore($"{string.Concat(jumps)}:{chain} - [0:0]\n-X {chain}\n");
    }

    private void Ensure(string[] rules, IpPrefix cluster)
    {
        string[] wanted = [$"-A {_name} -s {cluster} -j ACCEPT", $"-A {_name} -d {cluster} -j ACCEPT"];
        bool isJumpedTo = rules.Contains(JumpTo(_name));
        IEnumerable<string> present = rules.Where(rule => rule.StartsWith($"-A {_name} ", StringComparison.Ordinal));
        if (isJumpedTo && present.SequenceEqual(wanted)) return;
        tool.Restore($":{_name} - [0:0]\n{string.Join('\n', wanted)}\n{(isJumpedTo ? "" : $"{JumpTo(_name)}\n")}");
        _isMade = true;
        logger.ForwardingAllowed(tool.Name, $"{cluster}", _name);
    }

    // The fate of a packet that no condition holds for, and of pods' packets: true or false by a rule, null at the
    // chain's end.
    private bool? Verdict(string[] rules, string chain, PodNetwork network)
    {
        IEnumerable<Match> matches = rules.Where(rule => rule.StartsWith($"-A {chain} ", StringComparison.Ordinal))
            .Select(static rule => IptablesRule.Line().Match(rule));
        foreach (Match rule in matches.Where(static match => match.Success))
        {
            string conditions = IptablesRule.Comment().Replace(rule.Groups["conditions"].Value, "");
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

    // A condition of another kind, such as one on the protocol or the connection, lets only some packets of pods pass.
    private static bool HoldsForPods(string conditions, PodNetwork network) =>
        Ends().Match(conditions) is { Success: true } ends
        && ends.Groups["end"].Captures.All(end => network.IsNamedIn(end.Value));

    [GeneratedRegex(@"^(-[sdio] (?<end>\S+) )+$")]
    private static partial Regex Ends();
}
