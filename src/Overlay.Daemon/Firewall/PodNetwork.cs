using System.Text.RegularExpressions;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Firewall;

/// <summary>
/// The names of pods' packets in rules of other programs: the cluster CIDR, or the device they come and go by.
/// </summary>
/// <param name="Cluster">Every pod's network.</param>
/// <param name="Device">The TUN.</param>
internal readonly partial record struct PodNetwork(IpPrefix Cluster, string Device)
{
    /// <summary>
    /// A rule of nft accepts pods' packets by source or destination alone, or hands them to another chain, which
    /// decides.
    /// </summary>
    /// <param name="rules">As nft lists them.</param>
    public bool IsAcceptedBy(string rules)
    {
        PodNetwork pods = this;
        string known = Set().Matches(rules).Aggregate(rules, static (text, set) =>
            text.Replace($" @{set.Groups["name"].Value} ",
                $" {{{set.Groups["elements"].Value.ReplaceLineEndings("")}}} ", StringComparison.Ordinal));
        return known.Split('\n').Any(rule => Handover().IsMatch(rule)
            ? pods.IsNamedIn(rule)
            : Accept().Match(rule) is { Success: true } accept
                && accept.Groups["end"].Captures.All(end => pods.IsNamedIn(end.Value)));
    }

    /// <summary>The text names pods' packets: by the cluster CIDR, a network around it, or the device.</summary>
    public bool IsNamedIn(string rules)
    {
        IpPrefix cluster = Cluster;
        return Regex.IsMatch(rules, $@"(?<![\w.-]){Regex.Escape(Device)}(?![\w.-])")
            || Prefixes().Matches(rules)
                .Any(match => IpPrefix.TryParse(match.Value, out IpPrefix prefix) && prefix.Contains(cluster));
    }

    // Sets have their elements on lines of their own.
    [GeneratedRegex(@"^\s+set (?<name>\S+) \{[^}]*?elements = \{(?<elements>[^}]*)\}", RegexOptions.Multiline)]
    private static partial Regex Set();

    [GeneratedRegex(@"^(?!.*!=).* (jump|goto|vmap) ")]
    private static partial Regex Handover();

    [GeneratedRegex("""^\s*((ip6? [sd]addr|[io]if(name)?) (?<end>\{[^}]*\}|[^\s!]+) )+(counter )?(log .*)?accept( comment "[^"]*")?$""")]
    private static partial Regex Accept();

    [GeneratedRegex(@"[0-9a-f.:]+/[0-9]+")]
    private static partial Regex Prefixes();
}
