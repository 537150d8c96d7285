using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Overlay.Wire;

namespace Overlay.Daemon;

/// <summary>Allows what pods send and get where this host's policy is to forward nothing, as Docker sets it.</summary>
/// <remarks>
/// An accept in a table of our own does not outweigh the drop of another, so the rules go behind all others of that very
/// chain, in one of our own: whatever somebody refuses there before stays refused. Chains of others that are no iptables
/// are told, not touched.
/// </remarks>
internal sealed partial class ForwardPolicy
{
    private const string Chain = "OVERLAY-FORWARD";

    private readonly IReadOnlyList<(string Ip, string Save, string LegacyNames, IpPrefix? Cluster)> _families;
    private readonly ILogger _logger;
    private readonly HashSet<(string Tool, IpPrefix Cluster)> _made = [];

    public ForwardPolicy(OverlayOptions options, ILogger logger)
    {
        _families =
        [
            ("ip", "iptables", "/proc/net/ip_tables_names", options.Network.Cidr),
            ("ip6", "ip6tables", "/proc/net/ip6_tables_names", options.Network.CidrV6),
        ];
        _logger = logger;
    }

    /// <summary>Makes the rules where they are needed and missing.</summary>
    /// <returns>What keeps pods' packets from being forwarded, and is not ours to change.</returns>
    /// <exception cref="IOException">A tool of the host failed.</exception>
    public IReadOnlyList<string> Repair()
    {
        List<string> problems = [];
        foreach ((string table, string chain) in DroppingChains())
        {
            string family = table.Split(' ')[0];
            if (chain == "FORWARD" && table is "ip filter" or "ip6 filter")
            {
                foreach ((_, string tool, _, IpPrefix? cluster) in _families.Where(f => f.Ip == family && f.Cluster is not null)) Ensure($"{tool}-nft", cluster!.Value);
            }
            else problems.Add($"chain {chain} of table {table} drops what it does not know: pods' packets that are forwarded need a rule there");
        }

        foreach ((_, string tool, string names, IpPrefix? cluster) in _families)
        {
            if (cluster is null || !HasLegacyFilter(names)) continue;
            if (HostTool.Run($"{tool}-legacy", "", "-w", "5", "-S", "FORWARD").Contains("-P FORWARD DROP", StringComparison.Ordinal)) Ensure($"{tool}-legacy", cluster.Value);
        }

        return problems;
    }

    /// <summary>Removes what was made.</summary>
    /// <exception cref="IOException">A tool of the host failed.</exception>
    public void Remove()
    {
        foreach ((string tool, _) in _made)
        {
            if (!HostTool.Run(tool, "", "-w", "5", "-S").Contains($"-N {Chain}\n", StringComparison.Ordinal)) continue;
            if (IsJumpedTo(tool)) _ = HostTool.Run(tool, "", "-w", "5", "-D", "FORWARD", "-j", Chain);
            _ = HostTool.Run($"{tool}-restore", $"*filter\n:{Chain} - [0:0]\n-X {Chain}\nCOMMIT\n", "-w", "5", "--noflush");
        }

        _made.Clear();
    }

    private static bool IsJumpedTo(string tool) => HostTool.Run(tool, "", "-w", "5", "-S", "FORWARD").Contains($"-j {Chain}\n", StringComparison.Ordinal);

    // Only where it is there already: asking iptables-legacy for it would make it.
    private static bool HasLegacyFilter(string names)
    {
        try
        {
            return File.ReadLines(names).Contains("filter");
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private void Ensure(string tool, IpPrefix cluster)
    {
        string rules = HostTool.Run(tool, "", "-w", "5", "-S");
        string[] wanted = [$"-A {Chain} -s {cluster} -j ACCEPT", $"-A {Chain} -d {cluster} -j ACCEPT"];
        bool isWhole = rules.Split('\n').Where(static line => line.StartsWith($"-A {Chain} ", StringComparison.Ordinal)).SequenceEqual(wanted);
        bool isJumpedTo = rules.Contains($"-A FORWARD -j {Chain}\n", StringComparison.Ordinal);
        if (isWhole && isJumpedTo) return;
        string jump = isJumpedTo ? "" : $"-A FORWARD -j {Chain}\n";
        _ = HostTool.Run($"{tool}-restore", $"*filter\n:{Chain} - [0:0]\n{string.Join('\n', wanted)}\n{jump}COMMIT\n", "-w", "5", "--noflush");
        _ = _made.Add((tool, cluster));
        _logger.LogInformation("this host's policy is to forward nothing ({Tool}): rules for {Cluster} are added in chain {Chain}", tool, cluster, Chain);
    }

    private static IEnumerable<(string Table, string Chain)> DroppingChains()
    {
        string table = "";
        string chain = "";
        foreach (string line in HostTool.Run("nft", "", "list", "chains").Split('\n'))
        {
            if (TableLine().Match(line) is { Success: true } inTable) table = inTable.Groups[1].Value;
            else if (ChainLine().Match(line) is { Success: true } inChain) chain = inChain.Groups[1].Value;
            else if (line.Contains(" hook forward ", StringComparison.Ordinal) && line.Contains("policy drop", StringComparison.Ordinal)) yield return (table, chain);
        }
    }

    [GeneratedRegex(@"^table (\w+ \S+) \{")]
    private static partial Regex TableLine();

    [GeneratedRegex(@"^\s+chain (\S+) \{")]
    private static partial Regex ChainLine();
}
