namespace Overlay.ControlPlane.Leases;

/// <summary>A peer as the reconciler sees it. Immutable.</summary>
/// <param name="Lease">What the peer announces.</param>
/// <param name="Verdict">What became of it.</param>
/// <param name="Reason">
/// Why it is not accepted, or which part of an accepted lease is not carried; null when everything is carried.
/// </param>
public sealed record PeerLease(Lease Lease, LeaseVerdict Verdict, string? Reason);
