using Overlay.Host.Programs;

namespace Overlay.Daemon.Firewall;

/// <summary>
/// Looks through this host's rules for one that accepts the tunnels' packets only as those of new connections.
/// </summary>
internal static class StateRules
{
    private static readonly IptablesTool[] _legacy = [IptablesTool.Legacy, IptablesTool.LegacyV6];
    private static readonly string[] _chains = ["INPUT", "OUTPUT"];

    /// <summary>The first such rule, with its program; null when there is none.</summary>
    /// <param name="port">Of the tunnels.</param>
    /// <exception cref="IOException"><c>nft</c> or <c>iptables</c> failed.</exception>
    public static string? Find(ushort port)
    {
        foreach (IptablesTool tool in _legacy)
        {
            if (tool.HasFilter() == true && FindByIptables(tool, port) is { } rule) return rule;
        }

        HashSet<IptablesTool> asked = [];
        foreach (NftBaseChain chain in NftBaseChain.List().Where(static chain => chain.Hook is "input" or "output"))
        {
            if (Find(chain, port, asked) is { } rule) return rule;
        }

        return null;
    }

    private static string? Find(NftBaseChain chain, ushort port, HashSet<IptablesTool> asked)
    {
        IptablesTool tool = chain.Family == "ip" ? IptablesTool.Nft : IptablesTool.NftV6;
        if (!chain.IsOfIptables) return FindByNft(chain, port);
        try
        {
            return asked.Add(tool) ? FindByIptables(tool, port) : null;
        }
        catch (IOException)
        {
            // Without that program, or with a table that it refuses, it is a chain like others.
            _ = asked.Remove(tool);
            return FindByNft(chain, port);
        }
    }

    /// <summary>The first such rule of what <c>iptables -S</c> has written; null when there is none.</summary>
    public static string? FindInIptables(string[] lines, ushort port)
    {
        foreach (string chain in _chains)
        {
            TunnelVerdict verdict =
                new(name => lines.Select(line => IptablesRule.Read(line, name, port)).OfType<FilterRule>());
            if (verdict.FindStateRule(chain, lines.Contains($"-P {chain} DROP")) is { } rule) return rule;
        }

        return null;
    }

    private static string? FindByIptables(IptablesTool tool, ushort port) =>
        FindInIptables(tool.Rules(), port) is { } rule ? $"{tool.Name} {rule}" : null;

    private static string? FindByNft(NftBaseChain chain, ushort port)
    {
        TunnelVerdict verdict = new(name =>
            HostTool.Run("nft", "", "-s", "list", "chain", chain.Family, chain.Table, name).Split('\n')
                .SelectMany(line => NftRule.Read(line, port)));
        return verdict.FindStateRule(chain.Name, chain.Drops) is { } rule
            ? $"nft {chain.Family} {chain.Table}: {rule}"
            : null;
    }
}
