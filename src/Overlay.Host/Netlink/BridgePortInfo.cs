namespace Overlay.Host.Netlink;

/// <summary>A device as the port of a bridge.</summary>
/// <param name="Link">The device.</param>
/// <param name="IsEnabled">The bridge takes its frames: it has a carrier, and the bridge has noticed.</param>
/// <param name="IsHairpin">Frames may leave by the port they came in by.</param>
public sealed record BridgePortInfo(LinkInfo Link, bool IsEnabled, bool IsHairpin);
