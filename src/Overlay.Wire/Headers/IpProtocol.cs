namespace Overlay.Wire.Headers;

/// <summary>IP protocol numbers (IANA "Protocol Numbers"; IPv6 "Next Header").</summary>
public static class IpProtocol
{
    public const byte HopByHop = 0;
    public const byte Icmp = 1;
    public const byte Tcp = 6;
    public const byte Udp = 17;
    public const byte Routing = 43;
    public const byte Fragment = 44;
    public const byte AuthenticationHeader = 51;
    public const byte Icmpv6 = 58;
    public const byte DestinationOptions = 60;
}
