using Overlay.ControlPlane.Leases;

namespace Overlay.ControlPlane.State;

/// <summary>What this node held when it stopped, and who was refused for its sake. Immutable.</summary>
/// <param name="Own">The lease that was withdrawn.</param>
/// <param name="Rivals">Leases of others that claimed some of it and never got it.</param>
public sealed record WithdrawnClaim(Lease Own, IReadOnlyList<Lease> Rivals);
