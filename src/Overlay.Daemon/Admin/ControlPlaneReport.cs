using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Trust;
using Overlay.Daemon.Metrics;

namespace Overlay.Daemon.Admin;

/// <summary>Where leases come from and how that goes.</summary>
/// <param name="Kind">The key ControlPlane:Kind.</param>
/// <param name="Source">The store's place.</param>
/// <param name="State">connecting, connected or disconnected.</param>
/// <param name="LastSync">The last time at which no change was known to be missing.</param>
/// <param name="AgeSeconds">Seconds since then.</param>
/// <param name="Revision">The store's own count then.</param>
/// <param name="FromSavedState">
/// Node or peers are those of the last run: the store has not answered in this one.
/// </param>
/// <param name="LastUpdate">The last change of the peers.</param>
/// <param name="AcceptedPeers">Peers in the forwarding table.</param>
/// <param name="RefusedPeers">Peers that contradict the address plan or each other.</param>
/// <param name="NotReadyPeers">Peers without all that a tunnel needs.</param>
/// <param name="HeldPeers">Peers that the store lacks and that are kept until <paramref name="HeldUntil"/>.</param>
/// <param name="HeldUntil">The end of that.</param>
/// <param name="Problems">A line for each lease that cannot be read.</param>
internal sealed record ControlPlaneReport(
    string Kind, string Source, string State, DateTimeOffset? LastSync, long? AgeSeconds, string? Revision,
    bool FromSavedState, DateTimeOffset? LastUpdate, int AcceptedPeers, int RefusedPeers, int NotReadyPeers,
    int HeldPeers, DateTimeOffset? HeldUntil, IReadOnlyList<string> Problems)
{
    /// <param name="source">The store.</param>
    /// <param name="peers">All peers, also refused ones.</param>
    /// <param name="held">Peers that are kept although the store lacks them.</param>
    /// <param name="isFromSavedState">The store has not answered in this run.</param>
    /// <param name="now">The time of the report.</param>
    public static ControlPlaneReport Of(
        ILeaseSource source, PeersSnapshot peers, HeldPeers? held, bool isFromSavedState, DateTimeOffset now)
    {
        StoreStatus status = source.Status;
        TimeSpan? age = now - status.LastSync;
        return new ControlPlaneReport(
            source.Location.Kind, source.Location.Place, NameOf(status.State), status.LastSync,
            age is { } since ? Math.Max(0, (long)since.TotalSeconds) : null, status.Revision, isFromSavedState,
            peers.UpdatedAt, PeerStates.Count(peers, LeaseVerdict.Accepted),
            PeerStates.Count(peers, LeaseVerdict.Refused), PeerStates.Count(peers, LeaseVerdict.NotReady),
            held?.Count ?? 0, held?.Until,
            [.. source.Problems.Select(static problem => $"{problem.Key}: {problem.Value}")]);
    }

    private static string NameOf(StoreState state) => state switch
    {
        StoreState.Connecting => "connecting",
        StoreState.Connected => "connected",
        _ => "disconnected",
    };
}
