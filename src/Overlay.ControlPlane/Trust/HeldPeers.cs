namespace Overlay.ControlPlane.Trust;

/// <summary>Peers that the store lacks and that are kept for now. Immutable.</summary>
/// <param name="Count">How many.</param>
/// <param name="Until">When they are given up.</param>
public sealed record HeldPeers(int Count, DateTimeOffset Until);
