using System.Text.RegularExpressions;
using Overlay.Host.Programs;

namespace Overlay.Daemon.Firewall;

/// <summary>A chain of nftables that a filter hook of the kernel leads to.</summary>
/// <param name="Family">nft's name of the family.</param>
/// <param name="Table">Its table.</param>
/// <param name="Name">Its own name.</param>
/// <param name="Hook">The hook, such as <c>input</c>.</param>
/// <param name="Drops">Its policy is to drop.</param>
internal sealed partial record NftBaseChain(string Family, string Table, string Name, string Hook, bool Drops)
{
    /// <summary>iptables has made it, which alone reads all that stands in it.</summary>
    public bool IsOfIptables =>
        this is { Table: "filter", Family: "ip" or "ip6", Name: "INPUT" or "FORWARD" or "OUTPUT" };

    /// <summary>All such chains of this host.</summary>
    /// <exception cref="IOException"><c>nft</c> failed.</exception>
    public static IReadOnlyList<NftBaseChain> List()
    {
        List<NftBaseChain> chains = [];
        (string family, string table, string chain) = ("", "", "");
        foreach (string line in HostTool.Run("nft", "", "list", "chains").Split('\n'))
        {
            if (TableLine().Match(line) is { Success: true } inTable)
                (family, table) = (inTable.Groups[1].Value, inTable.Groups[2].Value);
            else if (ChainLine().Match(line) is { Success: true } inChain) chain = inChain.Groups[1].Value;
            else if (HookLine().Match(line) is { Success: true } hook)
            {
                bool drops = line.Contains("policy drop", StringComparison.Ordinal);
                chains.Add(new(family, table, chain, hook.Groups[1].Value, drops));
            }
        }

        return chains;
    }

    [GeneratedRegex(@"^table (\w+) (\S+) \{")]
    private static partial Regex TableLine();

    [GeneratedRegex(@"^\s+chain (\S+) \{")]
    private static partial Regex ChainLine();

    [GeneratedRegex(@"type filter hook (\w+) ")]
    private static partial Regex HookLine();
}
