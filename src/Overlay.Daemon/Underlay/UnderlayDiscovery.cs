using Overlay.Daemon.Options;
using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Underlay;

/// <summary>Finds the underlay interface and the addresses on it that tunnels are bound to.</summary>
internal static class UnderlayDiscovery
{
    private static readonly TimeSpan _duplicateDetection = TimeSpan.FromSeconds(5);

    /// <inheritdoc cref="Find(RouteNetlink, OverlayOptions)"/>
    public static UnderlayFinding Find(OverlayOptions options)
    {
        using RouteNetlink netlink = new();
        return Find(netlink, options);
    }

    /// <exception cref="ConfigurationException">What the keys say cannot be, whatever this host gets.</exception>
    /// <exception cref="LinuxException">rtnetlink refused.</exception>
    public static UnderlayFinding Find(RouteNetlink netlink, OverlayOptions options)
    {
        UnderlayLink links = new(netlink, options);
        if (links.Find() is not { } link) return new UnderlayFinding.Missing(links.Wanted);
        List<AddressInfo> usable = [.. SettledAddresses(netlink, link).Where(a => a.IsUsable)];
        AddressChoice choice = Choice(usable, IpFamily.IPv4, options);
        AddressChoice choiceV6 = Choice(usable, IpFamily.IPv6, options);
        (IpAddress? ipv4, IpAddress? ipv6) = (choice.Chosen, choiceV6.Chosen);

        // An IPv6 underlay carries IPv6 pods; where there are none it is wanted only if there is no IPv4 underlay.
        if (options.Network.CidrV6 is null && ipv4 is not null) ipv6 = null;
        if (options.PublicIpV6 is { } publicIp && options.Network.CidrV6 is null && ipv4 is not null)
            throw new ConfigurationException(
                $"Overlay:PublicIpV6 '{publicIp}' needs a global IPv6 address on {link.Name} and "
                + "Overlay:Network:CidrV6; example: leave it empty");
        if (ipv4 is null && ipv6 is null)
            return new UnderlayFinding.Missing($"{link.Name} to have an IPv4 or IPv6 address of global scope");
        if (options.PublicIp is not null && ipv4 is null)
            return new UnderlayFinding.Missing($"{link.Name} to have an IPv4 address, which Overlay:PublicIp needs");
        if (options.PublicIpV6 is not null && ipv6 is null)
            return new UnderlayFinding.Missing(
                $"{link.Name} to have a global IPv6 address, which Overlay:PublicIpV6 needs");
        UnderlayInterface underlay = Make(link, ipv4, ipv6, usable);
        if (UnderlayLink.IsInner(link))
        {
            LinkInfo? exit = FindExit(netlink, underlay);
            if (exit is null && options.Network is { Mtu: 0, UnderlayMtu: 0 })
                return new UnderlayFinding.Missing(
                    $"a default route, for no packet leaves by {link.Name} and the MTU is that of another device; "
                    + "where there is to be none, Overlay:Network:Mtu gives it");
            underlay = underlay with { Exit = exit ?? link };
        }

        string?[] reasons =
            [ipv4 is null ? null : choice.Reason(link.Name), ipv6 is null ? null : choiceV6.Reason(link.Name)];
        return new UnderlayFinding.Found(
            underlay, reasons.Any(static r => r is not null)
                ? string.Join("; ", reasons.OfType<string>())
                : null);
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
        List<AddressInfo> present = [.. netlink.GetAddresses(link).Where(static a => a.IsGlobal)];
        List<AddressInfo> usable = [.. present.Where(static a => a.IsUsable)];
        IpAddress? ipv4 = Keep(before.Ipv4, IpFamily.IPv4);
        IpAddress? ipv6 = Keep(before.Ipv6, IpFamily.IPv6);

        // One that comes late, as IPv6 addresses do at boot, is welcome where it would have been taken at first.
        if (before.Ipv6 is null && options.Network.CidrV6 is null) ipv6 = null;

        // With one family lost the other goes on as it is; if that is another too, it goes on alone.
        bool isLost = (before.Ipv4 is not null && ipv4 is null) || (before.Ipv6 is not null && ipv6 is null);
        bool isAnother = (ipv4 is not null && ipv4 != (IpAddress?)before.Ipv4)
            || (ipv6 is not null && ipv6 != (IpAddress?)before.Ipv6);
        if (isLost && !isAnother) return null;
        UnderlayInterface underlay = Make(link, ipv4, ipv6, usable);

        // Without a default route for a while, the way to peers may well be as it was.
        return UnderlayLink.IsInner(link)
            ? underlay with { Exit = FindExit(netlink, underlay) ?? before.Exit }
            : underlay;

        IpAddress? Keep(IpAddress? address, IpFamily family)
        {
            if (address is { } had && present.Any(a => a.Address == had)) return had;
            AddressChoice choice = Choice(usable, family, options);
            return address is { } lost ? choice.Successor(lost, before.Networks) : choice.Chosen;
        }
    }

    private static AddressChoice Choice(List<AddressInfo> usable, IpFamily family, OverlayOptions options)
    {
        // The public address itself where the interface has it: behind NAT it is only advertised.
        IpAddress? named = IpAddress.TryParse(options.Interface, out IpAddress given) ? given : null;
        return new AddressChoice(
            usable, family, family == IpFamily.IPv4 ? options.PublicIp : options.PublicIpV6, named);
    }

    private static UnderlayInterface Make(
        LinkInfo link, IpAddress? ipv4, IpAddress? ipv6, List<AddressInfo> usable) =>
        new(link, ipv4?.ToIpv4(), ipv6?.ToIpv6(), [.. usable.Select(static a => a.Network).Distinct()]);

    private static LinkInfo? FindExit(RouteNetlink netlink, UnderlayInterface underlay) =>
        UnderlayLink.FindExit(netlink, underlay.Addresses.Select(static a => a.Family));

    // At boot IPv6 addresses are tentative for a second or two; not to wait would mean to go without them.
    private static IReadOnlyList<AddressInfo> SettledAddresses(RouteNetlink netlink, LinkInfo link)
    {
        long giveUp = Environment.TickCount64 + (long)_duplicateDetection.TotalMilliseconds;
        while (true)
        {
            List<AddressInfo> addresses = [.. netlink.GetAddresses(link).Where(static a => a.IsGlobal)];
            if (!addresses.Any(a => a.IsTentative) || Environment.TickCount64 > giveUp) return addresses;
            Thread.Sleep(100);
        }
    }
}
