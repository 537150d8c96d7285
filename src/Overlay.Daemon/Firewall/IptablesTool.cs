using Overlay.Host.Programs;

namespace Overlay.Daemon.Firewall;

/// <summary>An iptables program of a host: by nftables or legacy, for either family.</summary>
/// <param name="Name">The program, as <c>iptables-nft</c>.</param>
/// <param name="TableNames">
/// The kernel's list of the tables that there are; null for programs that speak to nftables, which lists its own.
/// </param>
internal sealed record IptablesTool(string Name, string? TableNames = null)
{
    /// <summary>nftables' rules by iptables' words, IPv4.</summary>
    public static IptablesTool Nft { get; } = new("iptables-nft");

    /// <summary>nftables' rules by iptables' words, IPv6.</summary>
    public static IptablesTool NftV6 { get; } = new("ip6tables-nft");

    /// <summary>The kernel's former tables, IPv4.</summary>
    public static IptablesTool Legacy { get; } = new("iptables-legacy", "/proc/net/ip_tables_names");

    /// <summary>The kernel's former tables, IPv6.</summary>
    public static IptablesTool LegacyV6 { get; } = new("ip6tables-legacy", "/proc/net/ip6_tables_names");

    /// <summary>
    /// A table filter exists; null where that may not be read. A legacy program makes the table that it is asked for.
    /// </summary>
    /// <exception cref="IOException">The list cannot be read.</exception>
    public bool? HasFilter()
    {
        if (TableNames is null) return true;
        try
        {
            return File.ReadLines(TableNames).Contains("filter");
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The table filter, a line each, as <c>-S</c> writes it.</summary>
    /// <exception cref="IOException">The program failed.</exception>
    public string[] Rules() => HostTool.Run(Name, "", "-w", "5", "-S").Split('\n');

    /// <summary>Changes the table filter in one transaction.</summary>
    /// <param name="lines">As <c>iptables-restore</c> takes them, each with its line feed.</param>
    /// <exception cref="IOException">The program failed.</exception>
    public void Restore(string lines) =>
        HostTool.Run($"{Name}-restore", $"*filter\n{lines}COMMIT\n", "-w", "5", "--noflush");
}
