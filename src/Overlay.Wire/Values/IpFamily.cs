namespace Overlay.Wire.Values;

/// <summary>The IP version, with the number the IP header's version field carries.</summary>
public enum IpFamily : byte
{
    IPv4 = 4,
    IPv6 = 6,
}
