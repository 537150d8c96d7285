using Overlay.Wire.Values;

namespace Overlay.Dataplane.Forwarding;

/// <summary>Our own VXLAN Tunnel End Point (RFC 7348 section 3).</summary>
/// <param name="Vni">The one network this daemon carries.</param>
/// <param name="Mac">Source of every inner frame we send, destination of those we accept.</param>
/// <param name="Port">UDP destination port, ours and every peer's.</param>
public sealed record Vtep(Vni Vni, MacAddress Mac, ushort Port)
{
    /// <summary>
    /// Destination of frames we accept too: peers have it for our IPv6 VTEP. A former flannel node's is another than
    /// <see cref="Mac"/>.
    /// </summary>
    public MacAddress MacV6 { get; init; } = Mac;
}
