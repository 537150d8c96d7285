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

    /// <summary>Behind every other route to the pod CIDR: what no pod's bridge takes must not go out by the TUN.</summary>
    private const uint BlackholeMetric = 0x8000_0000;

    private readonly RouteNetlink _netlink;
    private readonly LinkInfo _link;
    private readonly IReadOnlyList<IpAddress> _addresses;
    private readonly IReadOnlyList<RouteInfo> _routes;
    private readonly ILogger<OverlayDevice> _logger;

    private OverlayDevice(
        TunDevice tun, RouteNetlink netlink, LinkInfo link, IReadOnlyList<IpAddress> addresses, IReadOnlyList<RouteInfo> routes, ILogger<OverlayDevice> logger)
    {
        Tun = tun;
        _netlink = netlink;
        _link = link;
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
    /// <exception cref="LinuxException">The kernel refused; what was made so far is gone again.</exception>
    public static OverlayDevice Create(RouteNetlink netlink, OverlayOptions options, OverlayMtu mtu, ILogger<OverlayDevice> logger)
    {
        TunDevice tun = TunDevice.Create($"overlay.{options.Network.Vni}", mtu.Pod);
        try
        {
            LinkInfo link = netlink.FindLink(tun.Name) ?? throw new LinuxException("RTM_GETLINK", tun.Name, Errno.ENODEV);
            OverlayDevice device = new(tun, netlink, link, Addresses(options), Routes(options, link, mtu), logger);
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
            tun.Dispose();
            throw;
        }
    }

    /// <summary>Puts back addresses and routes that went missing, as they do when a link is taken down and up.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void Repair()
    {
        IReadOnlyList<LinkInfo> links = _netlink.GetLinks();

        // A device somebody took down stays down: that is an operator's choice. Gone, its reader ends the daemon.
        if (links.FirstOrDefault(l => l.Index == _link.Index) is not { IsUp: true }) return;
        HashSet<IpAddress> addresses = [.. _netlink.GetAddresses().Where(a => a.LinkIndex == _link.Index).Select(a => a.Address)];
        foreach (IpAddress address in _addresses)
        {
            if (addresses.Contains(address)) continue;
            _netlink.SetAddress(_link, address, address.Bits);
            _logger.LogInformation("assigned {Address} to {Device}", address, _link.Name);
        }

        HashSet<RouteInfo> routes = [.. _netlink.GetRoutes()];
        foreach (RouteInfo route in _routes)
        {
            if (routes.Contains(route)) continue;
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
            routes.Add(new RouteInfo(options.Network.Cidr!.Value, link.Index, 0, RouteProtocol, false, subnet.Address, (uint)mtu.Ipv4));
            routes.Add(new RouteInfo(subnet, 0, BlackholeMetric, RouteProtocol, true));
        }

        if (options.SubnetV6 is { } subnetV6)
        {
            routes.Add(new RouteInfo(options.Network.CidrV6!.Value, link.Index, Ipv6Metric, RouteProtocol, false, subnetV6.Address, (uint)mtu.Ipv6));
            routes.Add(new RouteInfo(subnetV6, 0, BlackholeMetric, RouteProtocol, true));
        }

        return routes;
    }

    private void SetSysctls(OverlayOptions options)
    {
        string ipv4 = $"net/ipv4/conf/{_link.Name}";
        string ipv6 = $"net/ipv6/conf/{_link.Name}";
        if (options.Subnet is not null) _ = TrySet($"{ipv4}/forwarding", "1");
        if (options.SubnetV6 is null)
        {
            _ = TrySet($"{ipv6}/disable_ipv6", "1");
            return;
        }

        // Nobody answers ND on a TUN: no router solicitations, no link-local address.
        _ = TrySet($"{ipv6}/disable_ipv6", "0");
        _ = TrySet($"{ipv6}/accept_ra", "0");
        _ = TrySet($"{ipv6}/addr_gen_mode", "1");
        _ = TrySet($"{ipv6}/forwarding", "1");

        // Below Linux 6.17 IPv6 forwards only if "all" does, whatever the device says; that one is not ours to set.
        if (!TrySet($"{ipv6}/force_forwarding", "1") && Sysctl.Get("net/ipv6/conf/all/forwarding") == "0")
            _logger.LogWarning("IPv6 pods get no packets while net.ipv6.conf.all.forwarding is 0; set it to 1, as Kubernetes nodes have it");
    }

    // In a container /proc/sys is often read-only. What is set there already may do; the warning says what to look at.
    private bool TrySet(string sysctl, string value)
    {
        try
        {
            return Sysctl.TrySet(sysctl, value);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _logger.LogWarning("{Sysctl} is {Now} and could not be set to {Value}: {Reason}", sysctl, Sysctl.Get(sysctl), value, exception.Message);
            return false;
        }
    }

    private void Prune(OverlayOptions options)
    {
        foreach (RouteInfo stale in _netlink.GetRoutes())
        {
            bool isOurs = stale.Protocol == RouteProtocol && stale.IsBlackhole
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
