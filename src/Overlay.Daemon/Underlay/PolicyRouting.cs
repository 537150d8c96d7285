using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Underlay;

/// <summary>
/// Finds policy routing that would take pod packets away before the main table, where our route is, is asked.
/// </summary>
internal static class PolicyRouting
{
    /// <summary>A line for each route of another table that comes first for addresses of the cluster CIDR.</summary>
    /// <exception cref="LinuxException">rtnetlink refused.</exception>
    public static IReadOnlyList<string> FindDiversions(RouteNetlink netlink, params IEnumerable<IpPrefix> clusterCidrs)
    {
        List<string> diversions = [];
        IReadOnlyList<RuleInfo> rules = netlink.GetRules();
        foreach (IpPrefix cluster in clusterCidrs)
        {
            foreach (RuleInfo rule in rules.Where(r => r.Family == cluster.Family)
                .TakeWhile(r => r.Table != RuleInfo.MainTable))
            {
                if (rule.Table == RuleInfo.LocalTable) continue;
                foreach (RouteInfo route in netlink.GetRoutes(rule.Table).Where(r => r.Prefix.Overlaps(cluster)))
                    diversions.Add(
                        $"policy rule {rule.Priority} asks table {rule.Table} before main, and its route "
                        + $"{route.Prefix} may take packets for {cluster}; see ip rule");
            }
        }

        return diversions;
    }
}
