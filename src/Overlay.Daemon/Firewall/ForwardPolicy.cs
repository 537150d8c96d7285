using Microsoft.Extensions.Logging;
using Overlay.Daemon.Options;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Firewall;

/// <summary>Allows packets of pods where this host's policy is to forward nothing, as Docker sets it.</summary>
/// <remarks>
/// An accept in a table of our own does not outweigh the drop of another table, so the rules go behind all others of
/// that very chain, in a chain of our own: a packet that an earlier rule refuses stays refused. Chains that are not of
/// iptables are reported, and left alone.
/// </remarks>
internal sealed class ForwardPolicy
{
    private readonly IReadOnlyList<PodNetwork> _pods;
    private readonly IReadOnlyList<(string Family, ForwardChain Chain)> _nftables;
    private readonly IReadOnlyList<ForwardChain> _legacy;

    public ForwardPolicy(OverlayOptions options, string device, FormerNetworks former, ILogger logger)
    {
        (IpPrefix? ipv4, IpPrefix? ipv6) = (options.Network.Cidr, options.Network.CidrV6);
        _nftables = [("ip", Chain(IptablesTool.Nft, ipv4)), ("ip6", Chain(IptablesTool.NftV6, ipv6))];
        _legacy = [Chain(IptablesTool.Legacy, ipv4), Chain(IptablesTool.LegacyV6, ipv6)];
        _pods = [.. options.Network.Cidrs.Select(cluster => new PodNetwork(cluster, device))];

        ForwardChain Chain(IptablesTool tool, IpPrefix? cluster) =>
            new(tool, options.Network.Vni, cluster is { } pods ? new PodNetwork(pods, device) : null, former, logger);
    }

    /// <summary>Makes the rules where they are needed and missing.</summary>
    /// <returns>
    /// The reasons why pods' packets are not forwarded that are not ours to change, or cannot be changed.
    /// </returns>
    public IReadOnlyList<string> Repair()
    {
        List<string> problems = [];
        Try(problems, () =>
        {
            foreach (ForwardHook hook in ForwardHook.List()) Try(problems, () => problems.AddRange(Repair(hook)));
        });
        foreach (ForwardChain chain in _legacy) Try(problems, () => problems.AddRange(RepairLegacy(chain)));
        return problems;
    }

    /// <summary>Takes over the rules that an earlier run left, without making any.</summary>
    /// <returns>A sentence for each chain that cannot be looked at.</returns>
    public IReadOnlyList<string> TakeOver()
    {
        List<string> left = [];
        Leave("rules of nft", () =>
        {
            foreach (ForwardHook hook in ForwardHook.List().Where(static hook => hook.IsOfIptables))
                TakeOver(OfNftables(hook));
        });
        foreach (ForwardChain chain in _legacy) TakeOver(chain);
        return left;

        void TakeOver(ForwardChain chain) => Leave($"rules of {chain.Tool.Name}", () =>
        {
            if (HasFilter(chain)) _ = chain.TakeOver();
        });

        void Leave(string part, Action step)
        {
            // A program that is not there has made no rules.
            if (Try(step) is { } failure and not FileNotFoundException) left.Add($"{part}: {failure.Message}");
        }
    }

    /// <summary>Removes the rules that were made or taken over.</summary>
    /// <returns>A sentence for each chain that stays.</returns>
    public IReadOnlyList<string> Remove() =>
    [
        .. _nftables.Select(static made => made.Chain).Concat(_legacy)
            .Select(static chain =>
                Try(chain.Remove) is { } failure ? $"rules of {chain.Tool.Name}: {failure.Message}" : null)
            .OfType<string>(),
    ];

    private ForwardChain OfNftables(ForwardHook hook) => _nftables.Single(made => made.Family == hook.Family).Chain;

    // FORWARD of iptables is its program's to change. Without that program, or with a table that it refuses, FORWARD is
    // a chain like others.
    private IEnumerable<string> Repair(ForwardHook hook)
    {
        string? failure = null;
        if (hook.IsOfIptables)
        {
            try
            {
                return OfNftables(hook).Repair() is { } problem ? [problem] : [];
            }
            catch (IOException exception)
            {
                failure = $" ({exception.Message})";
            }
        }

        return hook.Judge(_pods) is { } judgement ? [judgement + failure] : [];
    }

    // Only where a filter table exists already: iptables-legacy makes the table that it is asked for.
    private static IEnumerable<string> RepairLegacy(ForwardChain chain) =>
        HasFilter(chain) && chain.Repair() is { } problem ? [problem] : [];

    // The kernel's part was loaded after overlayd.service had made the names readable: by a program that uses the
    // table, so it exists, or an empty one changes nothing.
    private static bool HasFilter(ForwardChain chain) => chain.Tool.HasFilter() ?? chain.HasPods;

    private static void Try(List<string> problems, Action action)
    {
        if (Try(action) is { } failure)
            problems.Add(
                $"forwarding of pods' packets may be refused, and cannot be looked at or allowed: {failure.Message}");
    }

    private static IOException? Try(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (IOException exception)
        {
            return exception;
        }
    }
}
