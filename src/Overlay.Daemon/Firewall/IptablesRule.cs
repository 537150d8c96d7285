using System.Globalization;
using System.Text.RegularExpressions;

namespace Overlay.Daemon.Firewall;

/// <summary>Reads rules as <c>iptables -S</c> writes them.</summary>
internal static partial class IptablesRule
{
    /// <summary>The rule, for packets to that UDP port; null for a line that is none of the chain.</summary>
    public static FilterRule? Read(string line, string chain, ushort port)
    {
        if (!line.StartsWith($"-A {chain} ", StringComparison.Ordinal)) return null;
        if (Line().Match(line) is not { Success: true } match) return null;
        string target = match.Groups["target"].Value;
        string verb = target switch
        {
            "ACCEPT" => "accept",
            "DROP" or "REJECT" => "drop",
            "RETURN" => "return",
            _ => match.Groups["verb"].Value == "g" ? "goto" : "jump",
        };
        string conditions = Comment().Replace(match.Groups["conditions"].Value, "");
        return new FilterRule(Meeting(conditions, port), verb, target, line);
    }

    private static RuleMeeting Meeting(string conditions, ushort port)
    {
        RuleMeeting meeting = RuleMeeting.Always;
        foreach (Match condition in Condition().Matches(conditions))
        {
            bool isNegated = condition.Groups["not"].Success;
            string value = condition.Groups["value"].Value;
            RuleMeeting one = condition.Groups["name"].Value switch
            {
                "-m" => RuleMeeting.Always,
                "-p" => If(value is "udp" or "17" or "all", isNegated),
                "-i" or "-o" => value == "lo" && !isNegated ? RuleMeeting.Never : RuleMeeting.Perhaps,
                "--dport" or "--dports" or "--ports" => If(Covers(value, port), isNegated),
                "--state" or "--ctstate" => State(value.Split(','), isNegated),
                _ => RuleMeeting.Perhaps,
            };
            if (one < meeting) meeting = one;
        }

        return meeting;
    }

    private static RuleMeeting If(bool isSo, bool isNegated) =>
        isSo != isNegated ? RuleMeeting.Always : RuleMeeting.Never;

    private static RuleMeeting State(string[] states, bool isNegated) =>
        states.Contains("UNTRACKED") != isNegated ? RuleMeeting.Always
        : states.Contains("NEW") != isNegated ? RuleMeeting.OnlyTracked
        : RuleMeeting.Never;

    private static bool Covers(string ports, ushort port) => ports.Split(',').Select(static range => range.Split(':'))
        .Any(range => int.TryParse(range[0], NumberStyles.None, CultureInfo.InvariantCulture, out int first)
            && int.TryParse(range[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int last)
            && first <= port && port <= last);

    /// <summary>A rule of a chain: conditions, verb j or g, target.</summary>
    [GeneratedRegex(@"^-A \S+ (?<conditions>.*?)-(?<verb>[jg]) (?<target>\S+)")]
    internal static partial Regex Line();

    /// <summary>A comment among the conditions.</summary>
    [GeneratedRegex(@"-m comment --comment (""[^""]*""|\S+) ")]
    internal static partial Regex Comment();

    [GeneratedRegex(@"((?<not>!) )?(?<name>--?[a-zA-Z][\w-]*)( (?<value>[^-!\s]\S*))?")]
    private static partial Regex Condition();
}
