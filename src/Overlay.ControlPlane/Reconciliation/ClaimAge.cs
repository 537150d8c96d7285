namespace Overlay.ControlPlane.Reconciliation;

/// <summary>How strong a claim is: one that is held before one that waits, then the older one.</summary>
/// <param name="Held">The node's lease was accepted with it.</param>
/// <param name="Since">Number of the settlement that first held it, or first saw it wait.</param>
internal readonly record struct ClaimAge(bool Held, long Since) : IComparable<ClaimAge>
{
    public int CompareTo(ClaimAge other) => (!Held, Since).CompareTo((!other.Held, other.Since));
}
