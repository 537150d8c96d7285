using Overlay.Wire.Values;

namespace Overlay.Dataplane.Forwarding;

/// <summary>A pod CIDR and the VTEP that serves it; no VTEP means this node's own bridge does.</summary>
public readonly record struct Route(IpPrefix Prefix, RemoteVtep? Via)
{
    public bool IsLocal => Via is null;
}
