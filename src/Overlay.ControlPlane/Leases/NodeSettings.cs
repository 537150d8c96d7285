using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Leases;

/// <summary>What a store says a node is to use. Immutable.</summary>
/// <param name="Network">What all nodes have in common; null where the configuration says it.</param>
/// <param name="PublicIp">IPv4 address to advertise and to find the interface by, given on the node's object; null for the configuration's.</param>
/// <param name="PublicIpV6">The same for IPv6.</param>
public sealed record NodeSettings(NetworkSettings? Network, IpAddress? PublicIp, IpAddress? PublicIpV6)
{
    /// <summary>The store says nothing: all is in the configuration.</summary>
    public static NodeSettings None { get; } = new(null, null, null);
}
