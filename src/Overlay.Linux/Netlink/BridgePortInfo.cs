namespace Overlay.Linux;

/// <summary>A device as the port of a bridge.</summary>
/// <param name="Link">The device.</param>
/// <param name="IsForwarding">The bridge passes its frames on: it has a carrier, and the bridge has noticed.</param>
/// <param name="IsHairpin">Frames may leave by the port they came in by.</param>
public sealed record BridgePortInfo(LinkInfo Link, bool IsForwarding, bool IsHairpin);
