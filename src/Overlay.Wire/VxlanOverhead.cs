using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Wire;

/// <summary>Bytes that VXLAN adds to an inner IP packet (RFC 7348 section 5).</summary>
public static class VxlanOverhead
{
    /// <summary>In the UDP payload, in front of the inner packet: VXLAN (8) and Ethernet (14).</summary>
    public const int InPayload = VxlanHeader.Length + EthernetHeader.Length;

    /// <summary>On an IPv4 underlay: IPv4 (20), UDP (8), VXLAN and Ethernet.</summary>
    public const int OverIpv4 = Ipv4Header.MinLength + UdpHeader.HeaderLength + InPayload;

    /// <summary>On an IPv6 underlay: IPv6 (40), UDP (8), VXLAN and Ethernet.</summary>
    public const int OverIpv6 = Ipv6Header.Length + UdpHeader.HeaderLength + InPayload;

    /// <summary>Bytes over an underlay of that family.</summary>
    public static int Over(IpFamily underlay) => underlay == IpFamily.IPv4 ? OverIpv4 : OverIpv6;
}
