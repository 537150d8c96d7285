namespace Overlay.ControlPlane.Sources.Files;

/// <summary>Why this node's own lease is not where peers could read it. Immutable.</summary>
internal sealed record OwnLeaseProblem(string File, string Message);
