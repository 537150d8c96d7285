using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Overlay.Host.Netlink;
using Overlay.Host.Programs;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Firewall;

/// <summary>Networks whose daemon crashed and did not come back as it was: what is named for them in nftables and iptables is nobody's.</summary>
/// <remarks>A TUN vanishes with its daemon: rules of a network whose device is there are in use.</remarks>
internal sealed partial class FormerNetworks(Vni own, ILogger logger)
{
    /// <summary>A name that ends in the number of a network which is not ours and has no device.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public bool Owns(string name)
    {
        if (Number().Match(name) is not { Success: true } match || match.Value == $"{own}") return false;
        using RouteNetlink netlink = new();
        return netlink.FindLink($"overlay.{match.Value}") is null;
    }

    /// <summary>Removes the tables of such networks.</summary>
    /// <exception cref="IOException"><c>nft</c> failed.</exception>
    public void RemoveTables()
    {
        foreach (Match table in Tables().Matches(HostTool.Run("nft", "", "list", "tables")).Where(table => Owns(table.Groups["name"].Value)))
        {
            (string family, string name) = (table.Groups["family"].Value, table.Groups["name"].Value);

            // By name alone it might be somebody else's.
            if (!HostTool.Run("nft", "", "list", "table", family, name).Contains("fib daddr type local notrack", StringComparison.Ordinal)) continue;
            _ = HostTool.Run("nft", "", "delete", "table", family, name);
            logger.LogInformation("table {Family} {Table} was left by a daemon that is no more, and is removed", family, name);
        }
    }

    [GeneratedRegex("[0-9]+$")]
    private static partial Regex Number();

    [GeneratedRegex("^table (?<family>ip6?) (?<name>overlay-[0-9]+)$", RegexOptions.Multiline)]
    private static partial Regex Tables();
}
