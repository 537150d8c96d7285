using Overlay.Wire.Values;

namespace Overlay.ControlPlane.State;

/// <summary>
/// This node's VTEP MACs as peers know them: by IPv4 and by IPv6 underlay. One, unless the node was a flannel node.
/// </summary>
public readonly record struct VtepMacs(MacAddress Ipv4, MacAddress Ipv6);
