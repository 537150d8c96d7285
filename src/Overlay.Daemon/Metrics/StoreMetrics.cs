using Overlay.ControlPlane.Trust;

namespace Overlay.Daemon.Metrics;

/// <summary>The store of the leases, as metrics have it.</summary>
/// <param name="HeldPeers">Peers that the store lacks and that are kept for a while.</param>
/// <param name="IsConnected">The store answers.</param>
/// <param name="IsFromSavedState">Node or peers are those of the last run.</param>
/// <param name="SecondsSinceSync">Age of the last complete knowledge of the store; null before the first.</param>
internal sealed record StoreMetrics(int HeldPeers, bool IsConnected, bool IsFromSavedState, long? SecondsSinceSync);
