namespace Overlay.ControlPlane.Leases;

/// <summary>All peers at one moment. Immutable.</summary>
/// <param name="Peers">In the order of their names, without this node.</param>
/// <param name="UpdatedAt">When the last update was applied, changed anything or not; null before the first.</param>
public sealed record PeersSnapshot(IReadOnlyList<PeerLease> Peers, DateTimeOffset? UpdatedAt)
{
    /// <summary>Before the first update.</summary>
    public static PeersSnapshot Empty { get; } = new([], null);
}
