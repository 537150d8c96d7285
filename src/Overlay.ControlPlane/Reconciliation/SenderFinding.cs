using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Reconciliation;

/// <summary>An address that sends frames for this node and that no peer has. Immutable.</summary>
/// <param name="Address">The address.</param>
/// <param name="Node">The accepted peer whose pods the frames say they are from; null when there is none.</param>
/// <param name="Reason">Why frames from there are dropped; null when they are taken as that peer's from now on.</param>
public sealed record SenderFinding(IpAddress Address, string? Node, string? Reason);
