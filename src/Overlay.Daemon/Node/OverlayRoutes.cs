using Microsoft.Extensions.Logging;
using Overlay.Linux;
using Overlay.Wire;

namespace Overlay.Daemon;

/// <summary>The routes of this node: to the cluster by the TUN, and blackholes behind that. Ours by <see cref="Protocol"/>.</summary>
internal sealed class OverlayRoutes
{
    /// <summary>Marks our routes (RTPROT_*): a number no known routing daemon uses.</summary>
    private const byte Protocol = 79;

    /// <summary>
    /// Behind every other route: what no pod's bridge takes must not go out by the TUN, and what the TUN does not take
    /// while it is down must not go out unencapsulated by the default route.
    /// </summary>
    private const uint BlackholeMetric = 0x8000_0000;

    /// <summary>What the kernel gives IPv6 routes without a metric; named, so that what is read back is equal.</summary>
    private const uint Ipv6Metric = 1024;

    private readonly RouteNetlink _netlink;
    private readonly ILogger _logger;
    private readonly List<RouteInfo> _routes = [];

    /// <param name="netlink">Used from one thread at a time.</param>
    /// <param name="options">Networks and this node's subnets.</param>
    /// <param name="link">The TUN.</param>
    /// <param name="mtu">The routes' MTU: narrower than the device's where one family has less.</param>
    /// <param name="logger">Told of every route that is set.</param>
    public OverlayRoutes(RouteNetlink netlink, OverlayOptions options, LinkInfo link, OverlayMtu mtu, ILogger logger)
    {
        _netlink = netlink;
        _logger = logger;
        if (options.Subnet is { } subnet) Add(options.Network.Cidr!.Value, subnet, 0, mtu.Ipv4);
        if (options.SubnetV6 is { } subnetV6) Add(options.Network.CidrV6!.Value, subnetV6, Ipv6Metric, mtu.Ipv6);

        void Add(IpPrefix cluster, IpPrefix podCidr, uint metric, int bytes)
        {
            _routes.Add(new RouteInfo(cluster, link.Index, metric, Protocol, false, podCidr.Address, (uint)bytes));
            _routes.Add(Blackhole(cluster));
            _routes.Add(Blackhole(podCidr));
        }
    }

    /// <summary>The cluster CIDRs.</summary>
    public IEnumerable<IpPrefix> Clusters => _routes.Where(r => !r.IsBlackhole).Select(r => r.Prefix);

    /// <exception cref="ConfigurationException">A route that is not ours stands where ours belongs.</exception>
    public void RefuseForeign()
    {
        IReadOnlyList<RouteInfo> routes = _netlink.GetRoutes();
        List<string> faults = [];
        foreach (RouteInfo route in _routes)
        {
            if (ForeignRoute(routes, route) is { } foreign)
                faults.Add($"Overlay:Network '{route.Prefix}' has a route on this host already (protocol {foreign.Protocol}, metric {foreign.Metric}), which is not overlayd's to replace; example: ip route delete {route.Prefix} metric {foreign.Metric}");
        }

        if (faults.Count > 0) throw new ConfigurationException(faults);
    }

    /// <summary>Removes blackholes inside the cluster CIDRs that a crashed run left and this one does not want.</summary>
    public void Prune()
    {
        foreach (RouteInfo stale in _netlink.GetRoutes(protocol: Protocol))
        {
            if (stale.IsBlackhole && Clusters.Any(c => c.Contains(stale.Prefix)) && !_routes.Contains(stale)) Remove(stale);
        }
    }

    /// <summary>Sets what is missing; not in the place of somebody else's.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void Repair()
    {
        IReadOnlyList<RouteInfo> present = _netlink.GetRoutes(protocol: Protocol);
        foreach (RouteInfo route in _routes)
        {
            if (present.Contains(route)) continue;
            if (ForeignRoute(_netlink.GetRoutes(), route) is { } foreign)
            {
                _logger.LogError("route {Prefix} is gone, and one of protocol {Protocol} stands in its place; pods are not reached", route.Prefix, foreign.Protocol);
                continue;
            }

            _netlink.SetRoute(route);
            _logger.LogInformation("set route {Prefix} metric {Metric} {Kind}", route.Prefix, route.Metric, route.IsBlackhole ? "blackhole" : "to the tunnel");
        }
    }

    /// <summary>Removes what would outlive the device.</summary>
    public void RemoveBlackholes()
    {
        foreach (RouteInfo route in _routes.Where(r => r.IsBlackhole)) Remove(route);
    }

    private static RouteInfo Blackhole(IpPrefix prefix) => new(prefix, 0, BlackholeMetric, Protocol, true);

    // The kernel knows a route by prefix and metric: setting ours would take that one's place.
    private static RouteInfo? ForeignRoute(IReadOnlyList<RouteInfo> routes, RouteInfo ours) =>
        routes.FirstOrDefault(r => r.Prefix == ours.Prefix && r.Metric == ours.Metric && r.Protocol != Protocol);

    private void Remove(RouteInfo route)
    {
        try
        {
            _netlink.RemoveRoute(route);
        }
        catch (LinuxException gone) when (gone.Errno is Errno.ESRCH or Errno.ENOENT)
        {
            _logger.LogDebug("blackhole {Prefix} was gone already", route.Prefix);
        }
    }
}
