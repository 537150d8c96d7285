using System.Text.RegularExpressions;
using Overlay.Wire;

namespace Overlay.Daemon;

/// <summary>What pods' packets are known by in rules of others: the cluster CIDR, or the device they come and go by.</summary>
/// <param name="Cluster">Every pod's network.</param>
/// <param name="Device">The TUN.</param>
internal readonly partial record struct PodNetwork(IpPrefix Cluster, string Device)
{
    /// <summary>The rules speak of pods' packets: of the cluster CIDR, of a network around it, or of the device. Whoever wrote them has decided.</summary>
    public bool IsNamedIn(string rules)
    {
        IpPrefix cluster = Cluster;
        return Regex.IsMatch(rules, $@"(?<![\w.-]){Regex.Escape(Device)}(?![\w.-])")
            || Prefixes().Matches(rules).Any(match => IpPrefix.TryParse(match.Value, out IpPrefix prefix) && prefix.Contains(cluster));
    }

    [GeneratedRegex(@"[0-9a-f.:]+/[0-9]+")]
    private static partial Regex Prefixes();
}
