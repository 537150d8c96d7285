using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Leases;

/// <summary>A node's pod CIDRs: one of either family, or of one of them. Immutable.</summary>
public sealed record PodCidrs(IpPrefix? Ipv4, IpPrefix? Ipv6)
{
    public override string ToString() =>
        string.Join(" and ", new[] { Ipv4, Ipv6 }.Where(static prefix => prefix is not null));
}
