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
    private readonly IReadOnlyList<(string Names, ForwardChain Chain)> _legacy;
    private readonly ILogger _logger;

    public ForwardPolicy(OverlayOptions options, string device, FormerNetworks former, ILogger logger)
    {
        _logger = logger;
        _nftables = [("ip", Chain("iptables-nft", options.Network.Cidr)),
            ("ip6", Chain("ip6tables-nft", options.Network.CidrV6))];
        _legacy =
        [
            ("/proc/net/ip_tables_names", Chain("iptables-legacy", options.Network.Cidr)),
            ("/proc/net/ip6_tables_names", Chain("ip6tables-legacy", options.Network.CidrV6)),
        ];
        _pods = [.. new[] { options.Network.Cidr, options.Network.CidrV6 }.OfType<IpPrefix>()
            .Select(cluster => new PodNetwork(cluster, device))];

        ForwardChain Chain(string tool, IpPrefix? cluster) =>
            new(tool, options.Network.Vni, cluster is null
                ? null
                : new PodNetwork(cluster.Value, device), former, logger);
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
        foreach ((string names, ForwardChain chain) in _legacy)
            Try(problems, () => problems.AddRange(RepairLegacy(names, chain)));
        return problems;
    }

    /// <summary>Removes the rules that were made.</summary>
    public void Remove()
    {
        foreach (ForwardChain chain in _nftables.Select(static made => made.Chain)
            .Concat(_legacy.Select(static made => made.Chain)))
        {
            try
            {
                chain.Remove();
            }
            catch (IOException exception)
            {
                _logger.RulesStay(chain.Tool, exception.Message);
            }
        }
    }

    // FORWARD of iptables is its program's to change. Without that program, or with a table that it refuses, FORWARD is
    // a chain like others.
    private IEnumerable<string> Repair(ForwardHook hook)
    {
        string? failure = null;
        if (hook is { Table: "filter", Chain: "FORWARD", Family: "ip" or "ip6" })
        {
            try
            {
                return _nftables.Single(made => made.Family == hook.Family).Chain.Repair() is { } problem
                    ? [problem]
                    : [];
            }
            catch (IOException exception)
            {
                failure = $" ({exception.Message})";
            }
        }

        return hook.Judge(_pods) is { } judgement ? [judgement + failure] : [];
    }

    // Only where a filter table exists already: iptables-legacy makes the table that it is asked for.
    private static IEnumerable<string> RepairLegacy(string names, ForwardChain chain) =>
        HasFilter(names, chain) && chain.Repair() is { } problem ? [problem] : [];

    private static bool HasFilter(string names, ForwardChain chain)
    {
        try
        {
            return File.ReadLines(names).Contains("filter");
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            // The kernel's part was loaded after overlayd.service had made the names readable: by a program that uses
            // the table, so it exists, or an empty one changes nothing.
            return chain.HasPods;
        }
    }

    private static void Try(List<string> problems, Action action)
    {
        try
        {
            action();
        }
        catch (IOException exception)
        {
            problems.Add(
                $"forwarding of pods' packets may be refused, and cannot be looked at or allowed: {exception.Message}");
        }
    }
}
