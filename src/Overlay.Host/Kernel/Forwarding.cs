using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Host.Kernel;

/// <summary>Switches on that the calling thread's network namespace passes packets on.</summary>
/// <remarks>
/// A host that forwards IPv6 takes no router advertisements where accept_ra is 1, and the kernel throws away the
/// default routes it has from them, whichever device begins to forward (net/ipv6/addrconf.c:
/// addrconf_fixup_forwarding). A host that gets its own IPv6 by them would be cut off; with accept_ra 2 it keeps them.
/// </remarks>
public static class Forwarding
{
    // include/uapi/linux/rtnetlink.h: RTPROT_RA
    private const byte RouterAdvertisement = 9;

    private const string Takes = "1";
    private const string TakesAlways = "2";

    /// <summary>Whether the host forwards packets of the family; true where the kernel does not say.</summary>
    public static bool IsOn(IpFamily family) => Sysctl.Get(KeyOf(family)) != "0";

    /// <summary>The kernel's parameter, below /proc/sys.</summary>
    public static string KeyOf(IpFamily family) =>
        family == IpFamily.IPv4 ? "net/ipv4/ip_forward" : "net/ipv6/conf/all/forwarding";

    /// <summary>For all devices. Uplinks with a router's default route go on to hear that router.</summary>
    /// <exception cref="IOException">The kernel has no such parameter, or refuses the value.</exception>
    /// <exception cref="UnauthorizedAccessException">/proc/sys is read-only here.</exception>
    /// <exception cref="Interop.LinuxException">Routes or devices cannot be listed.</exception>
    public static void SwitchOn(RouteNetlink netlink, IpFamily family)
    {
        string key = KeyOf(family);
        if (Sysctl.Get(key) == "1") return;
        if (family == IpFamily.IPv6)
        {
            foreach (string uplink in Uplinks(netlink)) Sysctl.Set(uplink, TakesAlways);
        }

        Sysctl.Require(key, "1");
    }

    /// <summary>For one device of our own and IPv6; does nothing where the kernel has no IPv6.</summary>
    /// <remarks>The uplinks themselves do not forward then, so what they take is theirs again afterwards.</remarks>
    /// <inheritdoc cref="SwitchOn" path="/exception"/>
    public static void SwitchOnIpv6(RouteNetlink netlink, string device)
    {
        string key = $"net/ipv6/conf/{device}/forwarding";
        if (Sysctl.Get(key) is null or "1") return;
        IReadOnlyList<string> uplinks = Uplinks(netlink);
        try
        {
            foreach (string uplink in uplinks) Sysctl.Set(uplink, TakesAlways);
            Sysctl.Require(key, "1");
        }
        finally
        {
            foreach (string uplink in uplinks) Sysctl.Set(uplink, Takes);
        }
    }

    // A device that systemd-networkd or the like serves has accept_ra 0, and so is left alone.
    private static List<string> Uplinks(RouteNetlink netlink)
    {
        List<string> uplinks = [];
        HashSet<int> indexes = [.. netlink.GetRoutes(protocol: RouterAdvertisement)
            .Where(static route => route.Prefix.Family == IpFamily.IPv6).Select(static route => route.LinkIndex)];
        if (indexes.Count == 0) return uplinks;
        foreach (LinkInfo link in netlink.GetLinks())
        {
            string key = $"net/ipv6/conf/{link.Name}/accept_ra";
            if (indexes.Contains(link.Index) && Sysctl.Get(key) == Takes) uplinks.Add(key);
        }

        return uplinks;
    }
}
