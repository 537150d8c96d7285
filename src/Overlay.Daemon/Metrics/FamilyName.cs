using Overlay.Wire.Values;

namespace Overlay.Daemon.Metrics;

/// <summary>Families, as metrics name them.</summary>
internal static class FamilyName
{
    public const string Ipv4 = "ipv4";
    public const string Ipv6 = "ipv6";

    public static string Of(IpFamily family) => family == IpFamily.IPv4 ? Ipv4 : Ipv6;
}
