using Overlay.Wire.Values;

namespace Overlay.Host.Netlink;

/// <summary>A route; those we make are in the main table.</summary>
/// <param name="Prefix">Destinations.</param>
/// <param name="LinkIndex">The device, or 0 for a blackhole.</param>
/// <param name="Metric">Lower wins; 0 is the kernel's default.</param>
/// <param name="Protocol">Who made it (RTPROT_*).</param>
/// <param name="IsBlackhole">Discards what it matches.</param>
/// <param name="PreferredSource">Source address of packets from this host.</param>
/// <param name="Mtu">Bytes of the largest packet on this route; 0 for the device's.</param>
/// <param name="Gateway">Next hop, where it has one.</param>
/// <param name="IsOnLink">The next hop is taken to be on the device's link, whatever the addresses there say.</param>
public sealed record RouteInfo(
    IpPrefix Prefix, int LinkIndex, uint Metric, byte Protocol, bool IsBlackhole,
    IpAddress? PreferredSource = null, uint Mtu = 0, IpAddress? Gateway = null, bool IsOnLink = false);
