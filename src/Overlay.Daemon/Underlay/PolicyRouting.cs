using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Underlay;

/// <summary>
/// Finds policy routing that takes packets away before the main table, where our routes are, is asked. The kernel is
/// asked for the way itself, so rules of every kind count.
/// </summary>
/// <param name="netlink">Used from one thread at a time.</param>
internal sealed class PolicyRouting(RouteNetlink netlink)
{
    /// <summary>The problem with pods' packets to that address; null while they go where they should.</summary>
    /// <param name="cluster">The cluster CIDR.</param>
    /// <param name="destination">An address of it on another node.</param>
    /// <param name="source">An address of a pod here.</param>
    /// <param name="device">The TUN.</param>
    /// <param name="bridge">The device that pods' packets come by; null where there are no pods yet.</param>
    /// <exception cref="LinuxException">rtnetlink refused.</exception>
    public string? FindDiversion(
        IpPrefix cluster, IpAddress destination, IpAddress source, LinkInfo device, LinkInfo? bridge)
    {
        RouteMatch? match = Diverted(netlink.FindMatch(destination), device.Index)
            ?? (bridge is null ? null : Diverted(netlink.FindForwardMatch(destination, source, bridge), device.Index));
        return match is null ? null
            : $"{Rule(match, cluster.Family, out uint priority)}, and its route {match.Route.Prefix} takes packets for "
                + $"{cluster} away from {device.Name}: pods do not reach other nodes; "
                + Mend(priority, cluster.Family, $"to {cluster}");
    }

    /// <summary>The same for the tunnel to a peer.</summary>
    /// <param name="underlay">Where the tunnel ends here.</param>
    /// <param name="peer">Where it ends there.</param>
    /// <param name="port">The UDP port of the tunnels.</param>
    /// <exception cref="LinuxException">rtnetlink refused.</exception>
    public string? FindDiversion(UnderlayInterface underlay, IpAddress peer, ushort port)
    {
        IpAddress? own = underlay.Addresses.Where(a => a.Family == peer.Family)
            .Select(static a => (IpAddress?)a).FirstOrDefault();
        if (own is null) return null;
        if (Diverted(netlink.FindMatch(peer, own, port), underlay.Exit.Index) is not { } match) return null;
        return $"{Rule(match, peer.Family, out uint priority)}, and its route {match.Route.Prefix} takes the tunnels "
            + $"away from {underlay.Exit.Name}: peers may not be reached; "
            + Mend(priority, peer.Family, $"ipproto udp dport {port}");
    }

    private static RouteMatch? Diverted(RouteMatch? match, int link) =>
        match is { Table: not (RuleInfo.MainTable or RuleInfo.LocalTable) } && match.Route.LinkIndex != link
            ? match
            : null;

    private string Rule(RouteMatch match, IpFamily family, out uint priority)
    {
        RuleInfo? rule = netlink.GetRules().FirstOrDefault(r => r.Family == family && r.Table == match.Table);
        priority = Math.Max(rule?.Priority ?? 1, 1);
        return rule is null
            ? $"something asks table {match.Table} before main"
            : $"policy rule {rule.Priority} asks table {match.Table} before main";
    }

    private static string Mend(uint priority, IpFamily family, string packets) =>
        $"ip {(family == IpFamily.IPv6 ? "-6 " : "")}rule add pref {priority - 1} {packets} lookup main";
}
