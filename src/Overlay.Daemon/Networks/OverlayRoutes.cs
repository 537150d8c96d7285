using Microsoft.Extensions.Logging;
using Overlay.Daemon.Options;
using Overlay.Host.Interop;
using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Networks;

/// <summary>
/// The routes of this node: to the cluster by the TUN, and blackholes behind that. Ours by <see cref="Protocol"/>.
/// </summary>
internal sealed class OverlayRoutes
{
    /// <summary>Marks our routes (RTPROT_*): a number no known routing daemon uses.</summary>
    public const byte Protocol = RouteProtocol.Overlay;

    /// <summary>
    /// Behind every other route: what no pod's bridge takes must not go out by the TUN, and what the TUN does not take
    /// while it is down must not go out unencapsulated by the default route.
    /// </summary>
    private const uint BlackholeMetric = 0x8000_0000;

    /// <summary>
    /// Nobody's route to the cluster comes before ours: the best metric there is, which for IPv6 is not 0.
    /// </summary>
    public const uint Ipv6Metric = 1;

    private readonly RouteNetlink _netlink;
    private readonly LinkInfo _link;
    private readonly ILogger _logger;
    private readonly BlackholeRecord _record;
    private readonly OverlayOptions _options;
    private readonly List<RouteInfo> _routes = [];
    private readonly Dictionary<IpPrefix, string> _keys = [];

    /// <param name="netlink">Used from one thread at a time.</param>
    /// <param name="options">Networks and this node's subnets.</param>
    /// <param name="link">The TUN.</param>
    /// <param name="mtu">The routes' MTU: narrower than the device's where one family has less.</param>
    /// <param name="logger">Told of every route that is set.</param>
    public OverlayRoutes(RouteNetlink netlink, OverlayOptions options, LinkInfo link, OverlayMtu mtu, ILogger logger)
    {
        _netlink = netlink;
        _options = options;
        _link = link;
        _logger = logger;
        _record = new(options.StateDirectory, logger);
        if (options.Subnet is { } subnet) Add(options.Network.Cidr!.Value, subnet, 0, mtu.Ipv4, "");
        if (options.SubnetV6 is { } subnetV6) Add(options.Network.CidrV6!.Value, subnetV6, Ipv6Metric, mtu.Ipv6, "V6");

        void Add(IpPrefix cluster, IpPrefix podCidr, uint metric, int bytes, string family)
        {
            _routes.Add(new RouteInfo(cluster, link.Index, metric, Protocol, false, podCidr.Address, (uint)bytes));
            _routes.Add(Blackhole(cluster));
            _routes.Add(Blackhole(podCidr));
            _keys[cluster] = $"Overlay:Network:Cidr{family}";
            _keys[podCidr] = $"Overlay:Subnet{family}";
        }
    }

    /// <summary>The cluster CIDRs.</summary>
    public IEnumerable<IpPrefix> Clusters => _routes.Where(r => !r.IsBlackhole).Select(r => r.Prefix);

    /// <exception cref="ConfigurationException">A route that is not ours stands where ours belongs.</exception>
    public void RefuseForeign()
    {
        // An old flannel's route to the cluster goes with its device, once this network stands.
        int[] former = _options.ControlPlane.GivesPodCidrs
            ? [.. FormerFlannel.Devices(_netlink, _options.Network.Vni).Select(static device => device.Index)]
            : [];
        RouteFilter ours = new(Within: [.. _routes.Select(static r => r.Prefix)]);
        RouteInfo[] routes = [.. _netlink.GetRoutes(ours).Where(route => !former.Contains(route.LinkIndex))];
        List<string> faults = [];
        foreach (RouteInfo route in _routes)
        {
            if (ForeignRoute(routes, route) is { } foreign)
                faults.Add(
                    $"{_keys[route.Prefix]} '{route.Prefix}' is a range that somebody else's route on this host leads "
                    + $"to (protocol {foreign.Protocol}, metric {foreign.Metric}); example: "
                    + $"{Example(route.Prefix)}");
        }

        if (faults.Count > 0) throw new ConfigurationException(faults);
    }

    /// <summary>
    /// Removes what a crashed run left and this one does not want, blackholes and direct routes, and records the
    /// blackholes it wants.
    /// </summary>
    public void Prune(IEnumerable<string> devices)
    {
        Dictionary<string, List<IpPrefix>> recorded = _record.Load();
        HashSet<IpPrefix> left = [];

        // A TUN vanishes with its daemon: what belongs to one that is there is in use, but for our own, which is new.
        foreach (string device in recorded.Keys.Where(name => name == _link.Name || !devices.Contains(name)))
        {
            left.UnionWith(recorded[device]);
            _ = recorded.Remove(device);
        }

        IReadOnlyList<RouteInfo> present = _netlink.GetRoutes(protocol: Protocol);
        foreach (RouteInfo stale in present.Where(
            r => r.IsBlackhole && r.Metric == BlackholeMetric && !_routes.Contains(r)))
        {
            if (left.Contains(stale.Prefix) || (IsInClusters(stale.Prefix) && !IsOfAnother(stale.Prefix)))
                Remove(stale);
        }

        foreach (RouteInfo stale in present.Where(r => r.Gateway is not null))
        {
            if (left.Any(of => of.Contains(stale.Prefix)) || (IsInClusters(stale.Prefix) && !IsOfAnother(stale.Prefix)))
                Remove(stale);
        }

        recorded[_link.Name] = [.. _routes.Where(r => r.IsBlackhole).Select(r => r.Prefix)];
        _record.Save(recorded);

        bool IsOfAnother(IpPrefix prefix) =>
            present.Any(r => !r.IsBlackhole && r.Gateway is null && r.LinkIndex != _link.Index
                && r.Prefix.Contains(prefix)) || recorded.Values.Any(of => of.Contains(prefix));
    }

    /// <summary>
    /// Sets what is missing; not in the place of somebody else's. What is in the way is returned, a line each.
    /// </summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public IReadOnlyList<string> Repair()
    {
        List<string> problems = [];
        IReadOnlyList<RouteInfo> present = _netlink.GetRoutes(protocol: Protocol);
        RouteInfo[] missing = [.. _routes.Where(r => !present.Contains(r))];
        if (missing.Length == 0) return problems;
        IReadOnlyList<RouteInfo> there =
            _netlink.GetRoutes(new RouteFilter(Within: [.. missing.Select(static r => r.Prefix)]));
        foreach (RouteInfo route in missing)
        {
            if (ForeignRoute(there, route) is { } foreign)
            {
                problems.Add(
                    $"a route of protocol {foreign.Protocol} stands where ours to {route.Prefix} was: pods are not "
                    + $"reached; ip route show {route.Prefix}");
                continue;
            }

            _netlink.SetRoute(route);
            _logger.RouteSet(route.Prefix, route.Metric, route.IsBlackhole ? "blackhole" : "to the tunnel");
        }

        return problems;
    }

    /// <summary>Removes the blackholes: they would outlive the device, with which all other routes go.</summary>
    public void RemoveFromKernel()
    {
        foreach (RouteInfo route in _routes.Where(r => r.IsBlackhole)) Remove(route);
        Dictionary<string, List<IpPrefix>> recorded = _record.Load();
        if (recorded.Remove(_link.Name)) _record.Save(recorded);
    }

    private bool IsInClusters(IpPrefix prefix) => Clusters.Any(cluster => cluster.Contains(prefix));

    private static RouteInfo Blackhole(IpPrefix prefix) => new(prefix, 0, BlackholeMetric, Protocol, true);

    // The kernel knows a route by prefix and metric: setting ours would take that one's place. One of our protocol that
    // leads to another device is another overlayd's.
    private static RouteInfo? ForeignRoute(IReadOnlyList<RouteInfo> routes, RouteInfo ours) =>
        routes.FirstOrDefault(r => r.Prefix == ours.Prefix && r.Metric == ours.Metric
            && (r.Protocol != Protocol || (r.LinkIndex != ours.LinkIndex && !ours.IsBlackhole)));

    private string Example(IpPrefix taken)
    {
        if (!Clusters.Contains(taken))
            return $"another /{taken.Length} of {Clusters.First(cluster => cluster.Contains(taken))}";
        string[] usual = taken.Family == IpFamily.IPv4
            ? ["10.244.0.0/16", "10.245.0.0/16"]
            : ["fd00:10:244::/56", "fd00:10:245::/56"];
        IReadOnlyList<RouteInfo> routes = _netlink.GetRoutes();
        return usual.FirstOrDefault(
            text => !routes.Any(r => r.Prefix.Length > 0 && r.Prefix.Overlaps(IpPrefix.Parse(text)))) ?? usual[^1];
    }

    private void Remove(RouteInfo route)
    {
        try
        {
            _netlink.RemoveRoute(route);
        }
        catch (LinuxException gone) when (gone.Errno is Errno.ESRCH or Errno.ENOENT)
        {
            _logger.RouteWasGone(route.Prefix);
        }
        catch (LinuxException exception)
        {
            // It costs the others nothing.
            _logger.RouteStays(route.Prefix, exception.Message);
        }
    }
}
