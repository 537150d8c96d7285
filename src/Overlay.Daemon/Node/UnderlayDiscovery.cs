using Overlay.Linux;
using Overlay.Wire;

namespace Overlay.Daemon;

/// <summary>Finds the underlay interface and the addresses on it that tunnels are bound to.</summary>
public static class UnderlayDiscovery
{
    private static readonly TimeSpan _duplicateDetection = TimeSpan.FromSeconds(5);

    /// <exception cref="ConfigurationException">There is no such interface, or it has no usable address.</exception>
    /// <exception cref="LinuxException">rtnetlink refused.</exception>
    public static UnderlayInterface Find(RouteNetlink netlink, OverlayOptions options)
    {
        IReadOnlyList<LinkInfo> links = netlink.GetLinks();
        IReadOnlyList<AddressInfo> addresses = netlink.GetAddresses();
        LinkInfo link = FindLink(links, addresses, netlink.GetRoutes(), options);
        List<AddressInfo> usable = [.. SettledAddresses(netlink, link).Where(a => a.IsUsable)];

        IpAddress? named = IpAddress.TryParse(options.Interface, out IpAddress given) ? given : null;
        IpAddress? ipv4 = Choose(usable, IpFamily.IPv4, named, options.PublicIp);
        IpAddress? ipv6 = Choose(usable, IpFamily.IPv6, named, options.PublicIpV6);

        // An IPv6 underlay carries IPv6 pods; where there are none it is wanted only if there is no IPv4 underlay.
        if (options.Network.CidrV6 is null && ipv4 is not null) ipv6 = null;
        if (ipv4 is null && ipv6 is null)
            throw new ConfigurationException($"Overlay:Interface '{link.Name}' has no global IPv4 or IPv6 address; example: {Example(links, addresses)}");
        if (options.PublicIp is not null && ipv4 is null)
            throw new ConfigurationException($"Overlay:PublicIp '{options.PublicIp}' needs an IPv4 address on {link.Name}, which has none; example: leave it empty");
        if (options.PublicIpV6 is not null && ipv6 is null)
            throw new ConfigurationException($"Overlay:PublicIpV6 '{options.PublicIpV6}' needs a global IPv6 address on {link.Name} and Overlay:Network:CidrV6; example: leave it empty");
        return new UnderlayInterface(link, ipv4?.ToIpv4(), ipv6?.ToIpv6(), [.. usable.Select(a => a.Network).Distinct()]);
    }

    // At boot IPv6 addresses are tentative for a second or two; not to wait would mean to go without them.
    private static IReadOnlyList<AddressInfo> SettledAddresses(RouteNetlink netlink, LinkInfo link)
    {
        long giveUp = Environment.TickCount64 + (long)_duplicateDetection.TotalMilliseconds;
        while (true)
        {
            List<AddressInfo> addresses = [.. netlink.GetAddresses().Where(a => a.LinkIndex == link.Index && a.IsGlobal)];
            if (!addresses.Any(a => a.IsTentative) || Environment.TickCount64 > giveUp) return addresses;
            Thread.Sleep(100);
        }
    }

    private static LinkInfo FindLink(
        IReadOnlyList<LinkInfo> links, IReadOnlyList<AddressInfo> addresses, IReadOnlyList<RouteInfo> routes, OverlayOptions options)
    {
        if (options.Interface.Length > 0)
        {
            LinkInfo? named = links.FirstOrDefault(l => l.Name == options.Interface);
            if (named is null && IpAddress.TryParse(options.Interface, out IpAddress address)) named = LinkOf(address);
            return named ?? throw new ConfigurationException(
                $"Overlay:Interface '{options.Interface}' is neither an interface nor an address of this host; example: {Example(links, addresses)}");
        }

        // Without a name: the interface that holds the public address, else that of the default route.
        LinkInfo? found = options.PublicIp is { } ipv4 ? LinkOf(ipv4) : null;
        found ??= options.PublicIpV6 is { } ipv6 ? LinkOf(ipv6) : null;
        RouteInfo? defaultRoute = routes
            .Where(r => r.Prefix.Length == 0 && r.LinkIndex != 0)
            .OrderBy(r => r.Prefix.Family).ThenBy(r => r.Metric)
            .FirstOrDefault();
        return found ?? links.FirstOrDefault(l => l.Index == defaultRoute?.LinkIndex) ?? throw new ConfigurationException(
            $"Overlay:Interface is not set, and this host has no default route to take it from; example: {Example(links, addresses)}");

        LinkInfo? LinkOf(IpAddress address) =>
            links.FirstOrDefault(l => l.Index == addresses.FirstOrDefault(a => a.Address == address)?.LinkIndex);
    }

    // The public address itself where the interface has it (behind NAT it is only advertised), then the one that names
    // the interface, then the first.
    private static IpAddress? Choose(List<AddressInfo> usable, IpFamily family, IpAddress? named, IpAddress? publicAddress)
    {
        List<AddressInfo> candidates = [.. usable.Where(a => a.Address.Family == family)];
        AddressInfo? chosen = candidates.FirstOrDefault(a => a.Address == publicAddress)
            ?? candidates.FirstOrDefault(a => a.Address == named)
            ?? candidates.FirstOrDefault();
        return chosen?.Address;
    }

    private static string Example(IReadOnlyList<LinkInfo> links, IReadOnlyList<AddressInfo> addresses) =>
        links.FirstOrDefault(l => addresses.Any(a => a.LinkIndex == l.Index && a.IsGlobal))?.Name ?? "eth0";
}
