using Overlay.Daemon.Options;
using Overlay.Daemon.Underlay;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Networks;

/// <summary>How large overlay packets may be, in bytes of the IP packet.</summary>
/// <param name="Ipv4">Largest packet of IPv4 pods; 0 where there are none.</param>
/// <param name="Ipv6">Largest packet of IPv6 pods; 0 where there are none.</param>
internal readonly record struct OverlayMtu(int Ipv4, int Ipv6)
{
    /// <summary>The device's: routes narrow it where one family has less.</summary>
    public int Device => Math.Max(Ipv4, Ipv6);

    /// <summary>What pods' interfaces get: both families must fit.</summary>
    public int Pod => Ipv4 == 0 || Ipv6 == 0 ? Device : Math.Min(Ipv4, Ipv6);

    /// <exception cref="ConfigurationException">
    /// The configured MTU does not fit the underlay, or the underlay's is too small.
    /// </exception>
    public static OverlayMtu For(OverlayOptions options, UnderlayInterface underlay)
    {
        return new OverlayMtu(
            options.Network.Cidr is null ? 0 : Of(IpFamily.IPv4, 576),
            options.Network.CidrV6 is null ? 0 : Of(IpFamily.IPv6, 1280));

        int Of(IpFamily pods, int smallest)
        {
            int largest = underlay.PodMtu(pods, options.Network.UnderlayMtu);
            if (options.Network.Mtu > largest)
                throw new ConfigurationException(
                    $"Overlay:Network:Mtu '{options.Network.Mtu}' does not fit {underlay.Exit.Name}, whose MTU "
                    + $"{underlay.Exit.Mtu} leaves {largest} bytes for {pods} pods; example: {largest}");
            if (largest < smallest)
                throw new ConfigurationException(
                    $"Overlay:Interface '{underlay.Link.Name}' has MTU {underlay.Exit.Mtu}, which leaves {largest} "
                    + $"bytes for {pods} pods, less than {smallest}; example: an interface with MTU 1500");
            return options.Network.Mtu == 0 ? largest : options.Network.Mtu;
        }
    }
}
