using Overlay.Cni.Protocol;
using Overlay.Host.Interop;
using Overlay.Host.Netlink;
using Overlay.Pods.Allocations;
using Overlay.Wire.Values;

namespace Overlay.Cni.Wiring;

/// <summary>The pod's side of the pair. For a thread that is in the pod's network namespace.</summary>
/// <param name="netlink">Of that namespace.</param>
/// <param name="request">What is asked for.</param>
internal sealed class PodInterface(RouteNetlink netlink, AttachmentRequest request)
{
    // RTPROT_BOOT: as `ip route add` marks what it adds.
    private const byte Protocol = 3;

    // Where the kernel puts an IPv6 route that names no metric.
    private const uint Ipv6Metric = 1024;

    private readonly List<PodRoute> _added = [];

    /// <summary>The routes that <see cref="SetUp"/> has made.</summary>
    public IReadOnlyList<PodRoute> Added => _added;

    /// <summary>Brings loopback and the interface up, with its addresses and routes.</summary>
    /// <exception cref="CniException">A route leads nowhere, or a setting may not be written.</exception>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public LinkInfo SetUp()
    {
        netlink.SetUp(LoopbackInterface.Name);
        Prepare();
        if (request.SegmentLimit == 0) netlink.SetUp(request.InterfaceName);
        else netlink.SetUp(request.InterfaceName, request.SegmentLimit);
        LinkInfo link = netlink.FindLink(request.InterfaceName)
            ?? throw new LinuxException("RTM_GETLINK", request.InterfaceName, Errno.ENODEV);
        foreach (PodAddress address in request.Addresses)
            netlink.SetAddress(link, address.Address, address.PrefixLength);

        // Of two for the same destination the first stays: another interface of this pod may have brought one.
        foreach (PodRoute route in Routes())
        {
            if (netlink.TryAddRoute(Resolve(link, route))) _added.Add(route);
        }

        return link;
    }

    /// <summary>
    /// Tells the link whose the addresses are, so that nobody asks, nor believes an earlier owner. The kernel does it,
    /// for to close a packet socket takes it up to 20 ms.
    /// </summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void Announce(LinkInfo link) => netlink.SetHardwareAddress(link.Name, link.Address);

    /// <summary>The routes asked for, the default ones included.</summary>
    public IReadOnlyList<PodRoute> Routes()
    {
        List<PodRoute> routes = [.. request.Routes];
        if (!request.Bridge.IsDefaultGateway) return routes;
        foreach (PodAddress address in request.Addresses)
        {
            if (address.Gateway is { } gateway) routes.Add(new(new IpPrefix(gateway, 0), gateway));
        }

        return routes;
    }

    /// <summary>The kernel's form of a route, by that link.</summary>
    public RouteInfo Resolve(LinkInfo link, PodRoute route)
    {
        IpAddress? gateway = route.Gateway ?? GatewayOf(route.Destination.Family);
        uint metric = route.Destination.Family == IpFamily.IPv6 ? Ipv6Metric : 0;
        bool isOnLink = gateway is { } hop && !IsNeighbour(hop);
        return new RouteInfo(
            route.Destination, link.Index, metric, Protocol, false, null, route.Mtu, gateway, isOnLink);
    }

    private bool IsNeighbour(IpAddress gateway)
    {
        foreach (PodAddress address in request.Addresses)
        {
            if (new IpPrefix(address.Address, address.PrefixLength).Contains(gateway)) return true;
        }

        return gateway.Family == IpFamily.IPv6 && new IpPrefix(gateway, 10) == IpPrefix.Parse("fe80::/10");
    }

    private IpAddress? GatewayOf(IpFamily family)
    {
        foreach (PodAddress address in request.Addresses)
        {
            if (address.Address.Family == family && address.Gateway is { } gateway) return gateway;
        }

        return null;
    }

    // Container runtimes turn IPv6 off in new namespaces. Detection of duplicates would hold the link-local address
    // back for a second, and by a hairpin port a pod sees its own probes. An announcement is a courtesy: an address has
    // its MAC whichever pod it goes to.
    private void Prepare()
    {
        if (Has(IpFamily.IPv4)) NetworkSetting.TrySet($"ipv4/conf/{request.InterfaceName}/arp_notify", "1");
        if (!Has(IpFamily.IPv6)) return;
        NetworkSetting.Set($"ipv6/conf/{request.InterfaceName}/disable_ipv6", "0");
        NetworkSetting.Set($"ipv6/conf/{request.InterfaceName}/accept_dad", "0");
        NetworkSetting.TrySet($"ipv6/conf/{request.InterfaceName}/ndisc_notify", "1");
    }

    private bool Has(IpFamily family)
    {
        foreach (PodAddress address in request.Addresses)
        {
            if (address.Address.Family == family) return true;
        }

        return false;
    }
}
