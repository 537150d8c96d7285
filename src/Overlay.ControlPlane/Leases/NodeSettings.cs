using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Leases;

/// <summary>The settings that a store has for a node. Immutable.</summary>
/// <param name="Network">The settings common to all nodes; null where they are in the configuration.</param>
/// <param name="PublicIp">
/// IPv4 address to advertise and to find the interface by, given on the node's object; null for the configuration's.
/// </param>
/// <param name="PublicIpV6">The same for IPv6.</param>
public sealed record NodeSettings(NetworkSettings? Network, IpAddress? PublicIp, IpAddress? PublicIpV6)
{
    /// <summary>The store has none: all is in the configuration.</summary>
    public static NodeSettings None { get; } = new(null, null, null);
}
