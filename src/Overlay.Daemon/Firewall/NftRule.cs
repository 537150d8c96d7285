using System.Globalization;
using System.Text.RegularExpressions;

namespace Overlay.Daemon.Firewall;

/// <summary>Reads rules as <c>nft -s list chain</c> writes them.</summary>
internal static partial class NftRule
{
    /// <summary>The rules of a line, for packets to that UDP port: none, one, or one for each chain of a map.</summary>
    public static IEnumerable<FilterRule> Read(string line, ushort port)
    {
        string text = line.Trim();
        string rule = Statements().Replace(text, "");
        if (rule.Contains("vmap", StringComparison.Ordinal))
        {
            foreach (Match jump in Jump().Matches(rule))
                yield return new FilterRule(RuleMeeting.Perhaps, "jump", jump.Groups["chain"].Value, text);
            yield break;
        }

        if (Line().Match(rule) is not { Success: true } match) yield break;
        string verb = match.Groups["verb"].Value;
        yield return new FilterRule(
            Meeting(match.Groups["conditions"].Value, port), verb == "reject" ? "drop" : verb,
            match.Groups["chain"].Value, text);
    }

    private static RuleMeeting Meeting(string conditions, ushort port)
    {
        RuleMeeting meeting = RuleMeeting.Always;
        foreach (Match condition in Condition().Matches(conditions))
        {
            string[] values =
                condition.Groups["value"].Value.Trim('{', '}', ' ').Split(',', StringSplitOptions.TrimEntries);
            RuleMeeting one = condition.Groups["name"].Value switch
            {
                _ when condition.Groups["not"].Success => RuleMeeting.Perhaps,
                "ct state" => State(values),
                "udp dport" or "th dport" => If(values.Any(range => Covers(range.Split('-'), port))),
                "meta l4proto" or "ip protocol" or "ip6 nexthdr" =>
                    If(values.Any(static name => name is "udp" or "17")),
                "iif" or "iifname" or "oif" or "oifname" => values is ["lo" or "\"lo\""]
                    ? RuleMeeting.Never
                    : RuleMeeting.Perhaps,
                _ => RuleMeeting.Perhaps,
            };
            if (one < meeting) meeting = one;
        }

        string other = Condition().Replace(conditions, "");
        if (OtherProtocols().IsMatch(other)) return RuleMeeting.Never;
        return other.Trim().Length > 0 && meeting > RuleMeeting.Perhaps ? RuleMeeting.Perhaps : meeting;
    }

    private static RuleMeeting If(bool isSo) => isSo ? RuleMeeting.Always : RuleMeeting.Never;

    private static RuleMeeting State(string[] states) => states.Contains("untracked") ? RuleMeeting.Always
        : states.Contains("new") ? RuleMeeting.OnlyTracked
        : RuleMeeting.Never;

    private static bool Covers(string[] range, ushort port) =>
        int.TryParse(range[0], NumberStyles.None, CultureInfo.InvariantCulture, out int first)
        && int.TryParse(range[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int last)
        && first <= port && port <= last;

    // Statements that say nothing about which packets a rule is for.
    [GeneratedRegex("""counter( packets \d+ bytes \d+)? ?|log( (prefix "[^"]*"|(level|group|snaplen|queue-threshold) \S+|flags( \w+)+?))* ?| ?comment "[^"]*"$""")]
    private static partial Regex Statements();

    [GeneratedRegex(@"\b(jump|goto) (?<chain>[^\s,}]+)")]
    private static partial Regex Jump();

    [GeneratedRegex(@"^(?<conditions>.*?)\b(?<verb>accept|drop|reject|return|jump|goto)( (?<chain>\S+))?( .*)?$")]
    private static partial Regex Line();

    [GeneratedRegex("""(?<name>ct state|udp dport|th dport|meta l4proto|ip protocol|ip6 nexthdr|[io]ifname|[io]if) (?<not>!= )?(?<value>\{[^}]*\}|"[^"]*"|\S+) ?""")]
    private static partial Regex Condition();

    [GeneratedRegex(@"\b(tcp|icmp|icmpv6|sctp|dccp|esp|ah|igmp) ")]
    private static partial Regex OtherProtocols();
}
