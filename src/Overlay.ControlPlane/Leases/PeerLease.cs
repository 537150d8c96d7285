namespace Overlay.ControlPlane.Leases;

/// <summary>A peer as the reconciler sees it. Immutable.</summary>
/// <param name="Lease">The peer's announcement.</param>
/// <param name="Verdict">The judgement of it.</param>
/// <param name="Reason">
/// Why it is not accepted, or which part of an accepted lease is not carried; null when everything is carried.
/// </param>
public sealed record PeerLease(Lease Lease, LeaseVerdict Verdict, string? Reason);

/// <summary>The judgement of a peer's lease.</summary>
public enum LeaseVerdict
{
    /// <summary>Its pod CIDRs are in the forwarding table.</summary>
    Accepted,

    /// <summary>The lease breaks a rule or contradicts another node's; nothing of it is in the table.</summary>
    Refused,

    /// <summary>The lease is incomplete so far; nothing of it is in the table.</summary>
    NotReady,
}

/// <summary>All peers at one moment. Immutable.</summary>
/// <param name="Peers">In the order of their names, without this node.</param>
/// <param name="UpdatedAt">When the last update was applied, changed anything or not; null before the first.</param>
public sealed record PeersSnapshot(IReadOnlyList<PeerLease> Peers, DateTimeOffset? UpdatedAt)
{
    /// <summary>Before the first update.</summary>
    public static PeersSnapshot Empty { get; } = new([], null);
}
