using Overlay.Daemon.Options;
using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Underlay;

/// <summary>Finds the device that has the address of the tunnels, and the one that they leave by.</summary>
internal sealed class UnderlayLink(RouteNetlink netlink, OverlayOptions options)
{
    // Addresses of no host (RFC 5737, RFC 3849): the way there is that of all that this host knows no better way for.
    private static readonly IpAddress _elsewhere = IpAddress.Parse("198.51.100.1");
    private static readonly IpAddress _elsewhereV6 = IpAddress.Parse("2001:db8::1");

    // The address of such a device is that of pods or of a tunnel.
    private static readonly string[] _notUnderlays = ["bridge", "tun", "vxlan", "wireguard"];

    private readonly IReadOnlyList<LinkInfo> _links = netlink.GetLinks();
    private readonly IReadOnlyList<AddressInfo> _addresses = netlink.GetAddresses();

    /// <summary>The object of "waiting for" while <see cref="Find"/> finds nothing.</summary>
    public string Wanted => options.Interface.Length == 0
        ? $"a default route, by which the interface is found while Overlay:Interface is empty{Present}"
        : IpAddress.TryParse(options.Interface, out _)
            ? $"an interface with the address {options.Interface}, as Overlay:Interface says{Present}"
            : $"the interface {options.Interface}, as Overlay:Interface says{Present}";

    private string Present
    {
        get
        {
            string[] names =
            [
                .. _links.Where(l => !_notUnderlays.Contains(l.Kind)
                    && _addresses.Any(a => a.LinkIndex == l.Index && a.IsGlobal)).Select(static l => l.Name),
            ];
            return names.Length == 0 ? "" : $" (here is {string.Join(" and ", names)})";
        }
    }

    /// <summary>The device with the address of the tunnels; null while there is none.</summary>
    /// <exception cref="LinuxException">rtnetlink refused.</exception>
    public LinkInfo? Find()
    {
        if (options.Interface.Length > 0)
            return _links.FirstOrDefault(l => l.Name == options.Interface)
                ?? (IpAddress.TryParse(options.Interface, out IpAddress address) ? LinkOf(address) : null);

        // Without a name: the interface that holds the public address, else that of the default route.
        return (options.PublicIp is { } ipv4 ? LinkOf(ipv4) : null)
            ?? (options.PublicIpV6 is { } ipv6 ? LinkOf(ipv6) : null)
            ?? LinkOfDefaultRoute();
    }

    /// <summary>
    /// No packet leaves by that device, so its MTU says nothing: hosts that speak BGP have their address on one.
    /// </summary>
    public static bool IsInner(LinkInfo link) => link.Name == "lo" || link.Kind == "dummy";

    /// <summary>The device by which packets of those addresses go elsewhere, with the MTU of the way.</summary>
    /// <param name="netlink">Used from one thread at a time.</param>
    /// <param name="families">Of the tunnels' addresses.</param>
    /// <returns>Null while there is no such way.</returns>
    /// <exception cref="LinuxException">rtnetlink refused.</exception>
    public static LinkInfo? FindExit(RouteNetlink netlink, params IEnumerable<IpFamily> families)
    {
        LinkInfo? narrowest = null;
        foreach (IpFamily family in families)
        {
            if (netlink.FindRoute(family == IpFamily.IPv4 ? _elsewhere : _elsewhereV6) is not { } route) continue;
            LinkInfo? link = netlink.GetLinks().FirstOrDefault(l => l.Index == route.LinkIndex);
            if (link is null || IsInner(link)) continue;
            if (route.Mtu != 0 && route.Mtu < link.Mtu) link = link with { Mtu = (int)route.Mtu };
            if (narrowest is null || link.Mtu < narrowest.Mtu) narrowest = link;
        }

        return narrowest;
    }

    private LinkInfo? LinkOf(IpAddress address) =>
        _links.FirstOrDefault(l => l.Index == _addresses.FirstOrDefault(a => a.Address == address)?.LinkIndex);

    private LinkInfo? LinkOfDefaultRoute()
    {
        RouteInfo? route = netlink.GetRoutes(new RouteFilter(Length: 0))
            .Where(static r => r.LinkIndex != 0)
            .OrderBy(static r => r.Prefix.Family).ThenBy(static r => r.Metric)
            .FirstOrDefault();
        return _links.FirstOrDefault(l => l.Index == route?.LinkIndex);
    }
}
