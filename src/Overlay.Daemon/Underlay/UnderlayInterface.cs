using Overlay.Daemon.Options;
using Overlay.Host.Netlink;
using Overlay.Wire;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Underlay;

/// <summary>The interface that tunnels end at, with what of it the overlay uses.</summary>
/// <param name="Link">The device that has the addresses.</param>
/// <param name="Ipv4">Address the IPv4 tunnels are bound to; null where there are none.</param>
/// <param name="Ipv6">Address the IPv6 tunnels are bound to; null where there are none.</param>
/// <param name="Networks">The networks its addresses lie in.</param>
internal sealed record UnderlayInterface(
    LinkInfo Link, Ipv4Address? Ipv4, Ipv6Address? Ipv6, IReadOnlyList<IpPrefix> Networks)
{
    /// <summary>
    /// The device that packets leave by, with the MTU of the way: another one where the addresses are on lo.
    /// </summary>
    public LinkInfo Exit { get; init; } = Link;

    /// <summary>The addresses tunnels are bound to: one or two.</summary>
    public IEnumerable<IpAddress> Addresses
    {
        get
        {
            if (Ipv4 is { } ipv4) yield return ipv4;
            if (Ipv6 is { } ipv6) yield return ipv6;
        }
    }

    /// <summary>
    /// The IPv4 address to advertise: the configured one, else the interface's; null where there are no IPv4 tunnels.
    /// </summary>
    public IpAddress? PublicIp(OverlayOptions options) => Ipv4 is { } ipv4 ? options.PublicIp ?? ipv4 : null;

    /// <summary>The same for IPv6.</summary>
    public IpAddress? PublicIpV6(OverlayOptions options) => Ipv6 is { } ipv6 ? options.PublicIpV6 ?? ipv6 : null;

    /// <summary>The same device with the same MTU, and the same addresses for tunnels.</summary>
    public bool IsLike(UnderlayInterface other) =>
        Link.Index == other.Link.Index && Exit.Index == other.Exit.Index && Exit.Mtu == other.Exit.Mtu
        && Ipv4 == other.Ipv4 && Ipv6 == other.Ipv6;

    /// <summary>
    /// Bytes of the largest packet that fits a tunnel for pods of that family (RFC 7348 section 4.3).
    /// </summary>
    /// <param name="pods">Whose packets.</param>
    /// <param name="most">
    /// Bytes that no underlay packet of any node may exceed; 0 for the MTU of the device they leave by.
    /// </param>
    /// <remarks>
    /// IPv6 pods travel over IPv6 where the underlay has it, IPv4 pods over IPv4: the outer IP header, UDP (8),
    /// VXLAN (8) and Ethernet (14) take 50 and 70 bytes.
    /// </remarks>
    public int PodMtu(IpFamily pods, int most = 0)
    {
        bool overIpv4 = pods == IpFamily.IPv4 ? Ipv4 is not null : Ipv6 is null;
        int underlay = most == 0 ? Exit.Mtu : Math.Min(most, Exit.Mtu);
        return underlay - VxlanOverhead.Over(overIpv4 ? IpFamily.IPv4 : IpFamily.IPv6);
    }
}
