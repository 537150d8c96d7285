using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Leases;

/// <summary>The rule for underlay addresses of VTEPs.</summary>
public static class VtepAddress
{
    // No VTEP can be reached there: "this host", loopback, multicast and beyond; link-local IPv6 needs an interface
    // too.
    private static readonly IpPrefix[] _unusable =
    [
        IpPrefix.Parse("0.0.0.0/8"), IpPrefix.Parse("127.0.0.0/8"), IpPrefix.Parse("224.0.0.0/3"),
        IpPrefix.Parse("::/127"), IpPrefix.Parse("fe80::/10"), IpPrefix.Parse("ff00::/8"),
    ];

    /// <summary>The address can be another host's, by its range.</summary>
    public static bool IsUsable(IpAddress address) => !_unusable.Any(prefix => prefix.Contains(address));
}
