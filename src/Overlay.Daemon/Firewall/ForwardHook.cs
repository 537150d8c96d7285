using System.Text.RegularExpressions;
using Overlay.Host.Programs;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Firewall;

/// <summary>A chain of nftables that sees packets which this host forwards.</summary>
/// <param name="Family">nft's name of the family.</param>
/// <param name="Table">Its table.</param>
/// <param name="Chain">Its own name.</param>
/// <param name="Drops">Its policy is to drop.</param>
internal sealed partial record ForwardHook(string Family, string Table, string Chain, bool Drops)
{
    /// <summary>All such chains of this host.</summary>
    /// <exception cref="IOException"><c>nft</c> failed.</exception>
    public static IReadOnlyList<ForwardHook> List() =>
    [
        .. NftBaseChain.List().Where(static chain => chain.Hook == "forward")
            .Select(static chain => new ForwardHook(chain.Family, chain.Table, chain.Name, chain.Drops)),
    ];

    /// <summary>The chain is FORWARD of iptables, by nftables.</summary>
    public bool IsOfIptables => this is { Table: "filter", Chain: "FORWARD", Family: "ip" or "ip6" };

    /// <summary>
    /// The reason why the chain lets pods' packets not pass, with the command that changes it; null when they pass.
    /// </summary>
    /// <remarks>
    /// The judgement looks at the policy, and at rules without a condition in the chain itself; refusals of further
    /// chains are not seen.
    /// </remarks>
    /// <param name="pods">The networks of this host's pods.</param>
    /// <exception cref="IOException"><c>nft</c> failed.</exception>
    public string? Judge(IEnumerable<PodNetwork> pods)
    {
        string verdict = List("chain", Table, Chain)
            .Split('\n').Select(static line => Unconditional().Match(line.Trim()))
            .FirstOrDefault(static match => match.Success)?.Groups["verdict"].Value ?? (Drops ? "drop" : "accept");
        if (verdict == "accept") return null;
        string rules = List("table", Table);
        PodNetwork[] untold =
        [
            .. pods.Where(network => Family is not ("ip" or "ip6") || Family == Address(network))
            .Where(network => !network.IsAcceptedBy(rules)),
        ];
        if (untold.Length == 0) return null;
        string consequence =
            $"chain {Chain} of table {Family} {Table} {(verdict == "drop" ? "drops" : "rejects")} what it does not "
            + "know: "
            + "pods' packets that are forwarded need rules there: ";
        return consequence + (Table == "firewalld"
            ? "firewall-cmd --permanent --zone=trusted "
                + $"{string.Join(' ', untold.Select(static network => $"--add-source={network.Cluster}"))}; "
                + "firewall-cmd --reload"
            : $"nft '{string.Join("; ", untold.Select(network => $"{Accept(network, "saddr")}; {Accept(network, "daddr")}"))}'");
    }

    private string Accept(PodNetwork network, string end) =>
        $"insert rule {Family} {Table} {Chain} {Address(network)} {end} {network.Cluster} accept";

    private static string Address(PodNetwork network) => network.Cluster.Family == IpFamily.IPv4 ? "ip" : "ip6";

    private string List(string what, params string[] names) =>
        HostTool.Run("nft", "", ["-s", "-n", "list", what, Family, .. names]);

    [GeneratedRegex("""^(counter )?(log( (prefix "[^"]*"|(level|group|snaplen|queue-threshold) \S+|flags( \w+)+?))* )?(?<verdict>accept|drop|reject)( with .*)?( comment "[^"]*")?$""")]
    private static partial Regex Unconditional();
}
