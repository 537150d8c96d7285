using Overlay.Daemon.Options;
using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Underlay;

/// <summary>Finds the underlay interface and the addresses on it that tunnels are bound to.</summary>
internal static class UnderlayDiscovery
{
    private static readonly TimeSpan _duplicateDetection = TimeSpan.FromSeconds(5);

    /// <inheritdoc cref="Find(RouteNetlink, OverlayOptions)"/>
    public static UnderlayInterface Find(OverlayOptions options)
    {
        using RouteNetlink netlink = new();
        return Find(netlink, options);
    }

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
            throw new ConfigurationException(
                $"Overlay:Interface '{link.Name}' has no global IPv4 or IPv6 address; example: "
                + $"{Example(links, addresses)}");
        if (options.PublicIp is not null && ipv4 is null)
            throw new ConfigurationException(
                $"Overlay:PublicIp '{options.PublicIp}' needs an IPv4 address on {link.Name}, which has none; "
                + "example: leave it empty");
        if (options.PublicIpV6 is not null && ipv6 is null)
            throw new ConfigurationException(
                $"Overlay:PublicIpV6 '{options.PublicIpV6}' needs a global IPv6 address on {link.Name} and "
                + "Overlay:Network:CidrV6; example: leave it empty");
        return new UnderlayInterface(
            link, ipv4?.ToIpv4(), ipv6?.ToIpv6(), [.. usable.Select(a => a.Network).Distinct()]);
    }

    /// <summary>
    /// The underlay as it is now: an address that is still there stays, in the place of one that is gone comes another.
    /// </summary>
    /// <param name="netlink">Used from one thread at a time.</param>
    /// <param name="options">What the first look was made with.</param>
    /// <param name="before">As it was; its name tells the interface.</param>
    /// <returns>Null while the interface is gone, or has nothing in the place of an address that is.</returns>
    /// <exception cref="LinuxException">rtnetlink refused.</exception>
    public static UnderlayInterface? FindAgain(RouteNetlink netlink, OverlayOptions options, UnderlayInterface before)
    {
        if (netlink.FindLink(before.Link.Name) is not { } link) return null;
        List<AddressInfo> present = [.. netlink.GetAddresses().Where(a => a.LinkIndex == link.Index && a.IsGlobal)];
        List<AddressInfo> usable = [.. present.Where(a => a.IsUsable)];
        IpAddress? named = IpAddress.TryParse(options.Interface, out IpAddress given) ? given : null;
        IpAddress? ipv4 = Keep(before.Ipv4, IpFamily.IPv4, options.PublicIp);
        IpAddress? ipv6 = Keep(before.Ipv6, IpFamily.IPv6, options.PublicIpV6);

        // One that comes late, as IPv6 addresses do at boot, is welcome where it would have been taken at first.
        if (before.Ipv6 is null && options.Network.CidrV6 is null) ipv6 = null;

        // With one family lost the other goes on as it is; if that is another too, it goes on alone.
        bool isLost = (before.Ipv4 is not null && ipv4 is null) || (before.Ipv6 is not null && ipv6 is null);
        bool isAnother = (ipv4 is not null && ipv4 != (IpAddress?)before.Ipv4)
            || (ipv6 is not null && ipv6 != (IpAddress?)before.Ipv6);
        return isLost && !isAnother ? null : new UnderlayInterface(
            link, ipv4?.ToIpv4(), ipv6?.ToIpv6(), [.. usable.Select(a => a.Network).Distinct()]);

        IpAddress? Keep(IpAddress? address, IpFamily family, IpAddress? publicAddress) =>
            address is { } had
                && present.Any(a => a.Address == had) ? had : Choose(usable, family, named, publicAddress);
    }

    // At boot IPv6 addresses are tentative for a second or two; not to wait would mean to go without them.
    private static IReadOnlyList<AddressInfo> SettledAddresses(RouteNetlink netlink, LinkInfo link)
    {
        long giveUp = Environment.TickCount64 + (long)_duplicateDetection.TotalMilliseconds;
        while (true)
        {
            List<AddressInfo> addresses =
                [.. netlink.GetAddresses().Where(a => a.LinkIndex == link.Index && a.IsGlobal)];
            if (!addresses.Any(a => a.IsTentative) || Environment.TickCount64 > giveUp) return addresses;
            Thread.Sleep(100);
        }
    }

    private static LinkInfo FindLink(
        IReadOnlyList<LinkInfo> links, IReadOnlyList<AddressInfo> addresses, IReadOnlyList<RouteInfo> routes,
        OverlayOptions options)
    {
        if (options.Interface.Length > 0)
        {
            LinkInfo? named = links.FirstOrDefault(l => l.Name == options.Interface);
            if (named is null && IpAddress.TryParse(options.Interface, out IpAddress address)) named = LinkOf(address);
            return named ?? throw new ConfigurationException(
                $"Overlay:Interface '{options.Interface}' is neither an interface nor an address of this host; "
                + $"example: {Example(links, addresses)}");
        }

        // Without a name: the interface that holds the public address, else that of the default route.
        LinkInfo? found = options.PublicIp is { } ipv4 ? LinkOf(ipv4) : null;
        found ??= options.PublicIpV6 is { } ipv6 ? LinkOf(ipv6) : null;
        RouteInfo? defaultRoute = routes
            .Where(r => r.Prefix.Length == 0 && r.LinkIndex != 0)
            .OrderBy(r => r.Prefix.Family).ThenBy(r => r.Metric)
            .FirstOrDefault();
        return found
            ?? links.FirstOrDefault(l => l.Index == defaultRoute?.LinkIndex) ?? throw new ConfigurationException(
            "Overlay:Interface is not set, and this host has no default route to take it from; example: "
            + $"{Example(links, addresses)}");

        LinkInfo? LinkOf(IpAddress address) =>
            links.FirstOrDefault(l => l.Index == addresses.FirstOrDefault(a => a.Address == address)?.LinkIndex);
    }

    // The public address itself where the interface has it (behind NAT it is only advertised), then the one that names
    // the interface, then the first.
    private static IpAddress? Choose(
        List<AddressInfo> usable, IpFamily family, IpAddress? named, IpAddress? publicAddress)
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
