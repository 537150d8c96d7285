namespace Overlay.ControlPlane.Reconciliation;

/// <summary>Claims contradict one another only within one kind.</summary>
internal enum ClaimKind
{
    PodCidr,
    PublicAddress,
}
