using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Options;
using Overlay.Host.Netlink;
using Overlay.Host.Programs;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Firewall;

/// <summary>
/// Networks whose daemon crashed and did not come back as it was: their tables and chains are nobody's.
/// </summary>
/// <remarks>A TUN vanishes with its daemon, so rules of a network that has a device are in use.</remarks>
internal sealed partial class FormerNetworks(Vni own, ILogger logger)
{
    /// <summary>The name ends in the number of a network that is not ours and has no device.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public bool Owns(string name)
    {
        if (Number().Match(name) is not { Success: true } match || match.Value == $"{own}") return false;
        if (DeviceNames.Find(match.Value) is not { } device) return false;
        using RouteNetlink netlink = new();
        return netlink.FindLink(device) is null;
    }

    /// <summary>Removes the tables of such networks.</summary>
    /// <exception cref="IOException"><c>nft</c> failed.</exception>
    public void RemoveTables()
    {
        string tables = HostTool.Run("nft", "", "list", "tables");
        foreach (Match table in Tables().Matches(tables).Where(table => Owns(table.Groups["name"].Value)))
        {
            (string family, string name) = (table.Groups["family"].Value, table.Groups["name"].Value);

            // The name alone may be another program's.
            string rules = HostTool.Run("nft", "", "list", "table", family, name);
            if (!NftTable.IsOurs(rules)) continue;
            _ = HostTool.Run("nft", "", "delete", "table", family, name);
            logger.FormerTableRemoved(family, name);
        }
    }

    [GeneratedRegex("[0-9]+$")]
    private static partial Regex Number();

    [GeneratedRegex("^table (?<family>ip6?) (?<name>overlay-[0-9]+)$", RegexOptions.Multiline)]
    private static partial Regex Tables();
}
