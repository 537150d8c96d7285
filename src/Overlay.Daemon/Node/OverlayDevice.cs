using Microsoft.Extensions.Logging;
using Overlay.Linux;
using Overlay.Wire;

namespace Overlay.Daemon;

/// <summary>The TUN device with its addresses, routes and sysctls: all that this node's kernel has to know.</summary>
/// <remarks>Everything is ours by device or by <see cref="RouteProtocol"/>; nothing else is touched.</remarks>
public sealed class OverlayDevice : IDisposable
{
    /// <summary>Marks our routes (RTPROT_*): a number no known routing daemon uses.</summary>
    public const byte RouteProtocol = 79;

    /// <summary>
    /// Behind every other route: what no pod's bridge takes must not go out by the TUN, and what the TUN does not take
    /// while it is down must not go out unencapsulated by the default route.
    /// </summary>
    private const uint BlackholeMetric = 0x8000_0000;

    private readonly RouteNetlink _netlink;
    private readonly LinkInfo _link;
    private readonly IReadOnlyList<IpAddress> _addresses;
    private readonly IReadOnlyList<RouteInfo> _routes;
    private readonly OverlayMtu _mtu;
    private readonly ILogger<OverlayDevice> _logger;
    private volatile IReadOnlyList<string> _problems = [];

    private OverlayDevice(
        TunDevice tun, RouteNetlink netlink, LinkInfo link, OverlayMtu mtu, IReadOnlyList<IpAddress> addresses, IReadOnlyList<RouteInfo> routes,
        ILogger<OverlayDevice> logger)
    {
        Tun = tun;
        _netlink = netlink;
        _link = link;
        _mtu = mtu;
        _addresses = addresses;
        _routes = routes;
        _logger = logger;
    }

    public TunDevice Tun { get; }

    /// <summary>Creates the device and all that belongs to it, and prunes what a crashed run left.</summary>
    /// <param name="netlink">Used from one thread at a time.</param>
    /// <param name="options">Networks and this node's subnets.</param>
    /// <param name="mtu">What pods of either family may send.</param>
    /// <param name="logger">For what is repaired later.</param>
    /// <exception cref="ConfigurationException">A route that is not ours stands where ours belongs.</exception>
    /// <exception cref="LinuxException">The kernel refused; what was made so far is gone again.</exception>
    public static OverlayDevice Create(RouteNetlink netlink, OverlayOptions options, OverlayMtu mtu, ILogger<OverlayDevice> logger)
    {
        TunDevice tun = TunDevice.Create(NameFor(options.Network.Vni));
        OverlayDevice? device = null;
        try
        {
            LinkInfo link = netlink.FindLink(tun.Name) ?? throw new LinuxException("RTM_GETLINK", tun.Name, Errno.ENODEV);
            device = new(tun, netlink, link, mtu, Addresses(options), Routes(options, link, mtu), logger);
            device.RefuseForeignRoutes();
            device.SetSysctls(options);
            netlink.SetUp(link, mtu.Device);
            device.Prune(options);
            device.Repair();
            foreach (string diversion in PolicyRouting.FindDiversions(netlink, device._routes.Where(r => !r.IsBlackhole).Select(r => r.Prefix)))
                logger.LogWarning("{Diversion}", diversion);
            return device;
        }
        catch
        {
            device?.Dispose();
            tun.Dispose();
            throw;
        }
    }

    /// <summary>Bytes of the largest packet that the bridge of the local pods takes, or 0 while there is none.</summary>
    public int BridgeMtu { get; private set; }

    /// <summary>What keeps pods' packets from flowing, as the last <see cref="Repair"/> saw it. Any thread may read it.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Puts back MTU, addresses and routes that went missing, as they do when a link is taken down and up.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void Repair()
    {
        IReadOnlyList<LinkInfo> links = _netlink.GetLinks();
        LinkInfo? link = links.FirstOrDefault(l => l.Index == _link.Index);
        Report(link);

        // A device somebody took down stays down: that is an operator's choice. Gone, its reader ends the daemon.
        if (link is not { IsUp: true }) return;
        if (link.Mtu != _mtu.Device) _netlink.SetUp(link, _mtu.Device);
        IReadOnlyList<AddressInfo> addresses = _netlink.GetAddresses();
        BridgeMtu = FindBridgeMtu(links, addresses);
        foreach (IpAddress address in _addresses)
        {
            if (addresses.Any(a => a.LinkIndex == _link.Index && a.Address == address)) continue;
            _netlink.SetAddress(_link, address, address.Bits);
            _logger.LogInformation("assigned {Address} to {Device}", address, _link.Name);
        }

        IReadOnlyList<RouteInfo> routes = _netlink.GetRoutes(protocol: RouteProtocol);
        foreach (RouteInfo route in _routes)
        {
            if (routes.Contains(route)) continue;
            if (ForeignRoute(_netlink.GetRoutes(), route) is { } foreign)
            {
                _logger.LogError("route {Prefix} is gone, and one of protocol {Protocol} stands in its place; pods are not reached", route.Prefix, foreign.Protocol);
                continue;
            }

            _netlink.SetRoute(route);
            _logger.LogInformation("set route {Prefix} {Device}", route.Prefix, route.IsBlackhole ? "blackhole" : _link.Name);
        }
    }

    /// <summary>Removes the blackholes, then the device; its addresses and routes go with it.</summary>
    public void Dispose()
    {
        foreach (RouteInfo route in _routes.Where(r => r.IsBlackhole)) Remove(route);
        Tun.Dispose();
    }

    private static IReadOnlyList<IpAddress> Addresses(OverlayOptions options)
    {
        // The pod CIDR's base address as /32 (/128), as flannel has it: the source of what this host sends to pods.
        List<IpAddress> addresses = [];
        if (options.Subnet is { } subnet) addresses.Add(subnet.Address);
        if (options.SubnetV6 is { } subnetV6) addresses.Add(subnetV6.Address);
        return addresses;
    }

    private static IReadOnlyList<RouteInfo> Routes(OverlayOptions options, LinkInfo link, OverlayMtu mtu)
    {
        // The kernel gives IPv6 routes without a metric this one; named here so that what is read back is equal.
        const uint Ipv6Metric = 1024;
        List<RouteInfo> routes = [];
        if (options.Subnet is { } subnet)
        {
            IpPrefix cluster = options.Network.Cidr!.Value;
            routes.Add(new RouteInfo(cluster, link.Index, 0, RouteProtocol, false, subnet.Address, (uint)mtu.Ipv4));
            routes.AddRange([Blackhole(cluster), Blackhole(subnet)]);
        }

        if (options.SubnetV6 is { } subnetV6)
        {
            IpPrefix cluster = options.Network.CidrV6!.Value;
            routes.Add(new RouteInfo(cluster, link.Index, Ipv6Metric, RouteProtocol, false, subnetV6.Address, (uint)mtu.Ipv6));
            routes.AddRange([Blackhole(cluster), Blackhole(subnetV6)]);
        }

        return routes;

        static RouteInfo Blackhole(IpPrefix prefix) => new(prefix, 0, BlackholeMetric, RouteProtocol, true);
    }

    // A device name has 15 bytes; without its dot there is room for the eight digits of the largest VNIs.
    private static string NameFor(Vni vni) => vni.Value < 10_000_000 ? $"overlay.{vni}" : $"overlay{vni}";

    // The kernel knows a route by prefix and metric: setting ours would take that one's place.
    private static RouteInfo? ForeignRoute(IReadOnlyList<RouteInfo> routes, RouteInfo ours) =>
        routes.FirstOrDefault(r => r.Prefix == ours.Prefix && r.Metric == ours.Metric && r.Protocol != RouteProtocol);

    private void RefuseForeignRoutes()
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

    private void SetSysctls(OverlayOptions options)
    {
        string ipv4 = $"net/ipv4/conf/{_link.Name}";
        string ipv6 = $"net/ipv6/conf/{_link.Name}";
        if (options.Subnet is not null) TrySet($"{ipv4}/forwarding", "1");
        if (options.SubnetV6 is null)
        {
            TrySet($"{ipv6}/disable_ipv6", "1");
            return;
        }

        // Nobody answers ND on a TUN: no router solicitations, no link-local address.
        TrySet($"{ipv6}/disable_ipv6", "0");
        TrySet($"{ipv6}/accept_ra", "0");
        TrySet($"{ipv6}/addr_gen_mode", "1");
        TrySet($"{ipv6}/forwarding", "1");

    }

    // Forwarding from the bridge to us is the host's to allow, as Kubernetes nodes do and a plain host does not.
    private void Report(LinkInfo? link)
    {
        List<string> problems = [];
        if (link is not { IsUp: true }) problems.Add($"{_link.Name} is down: pods reach no other node; ip link set {_link.Name} up");
        if (_mtu.Ipv4 > 0 && Sysctl.Get("net/ipv4/ip_forward") == "0")
            problems.Add("net.ipv4.ip_forward is 0: IPv4 pods reach no other node; set it to 1");
        if (_mtu.Ipv6 > 0 && Sysctl.Get("net/ipv6/conf/all/forwarding") == "0")
            problems.Add("net.ipv6.conf.all.forwarding is 0: IPv6 pods reach no other node; set it to 1");
        foreach (string problem in problems.Except(_problems)) _logger.LogWarning("{Problem}", problem);
        _problems = problems;
    }

    // In a container /proc/sys is often read-only. What is set there already may do; the warning says what to look at.
    private void TrySet(string sysctl, string value)
    {
        try
        {
            Sysctl.Set(sysctl, value);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _logger.LogWarning("{Sysctl} is {Now} and could not be set to {Value}: {Reason}", sysctl, Sysctl.Get(sysctl), value, exception.Message);
        }
    }

    // Whatever device has an address of the pod CIDR, as cni0 has the gateway's, leads to the pods.
    private int FindBridgeMtu(IReadOnlyList<LinkInfo> links, IReadOnlyList<AddressInfo> addresses) =>
        links.Where(link => link.Index != _link.Index
                && addresses.Any(a => a.LinkIndex == link.Index && _routes.Any(r => r.IsBlackhole && r.Prefix == a.Network)))
            .Select(link => link.Mtu)
            .DefaultIfEmpty(0)
            .Min();

    private void Prune(OverlayOptions options)
    {
        foreach (RouteInfo stale in _netlink.GetRoutes(protocol: RouteProtocol))
        {
            bool isOurs = stale.IsBlackhole
                && (options.Network.Cidr?.Contains(stale.Prefix) == true || options.Network.CidrV6?.Contains(stale.Prefix) == true);
            if (isOurs && !_routes.Contains(stale)) Remove(stale);
        }
    }

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
