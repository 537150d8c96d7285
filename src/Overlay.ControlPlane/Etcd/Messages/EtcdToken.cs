namespace Overlay.ControlPlane;

/// <summary>A token, which goes with every request.</summary>
internal sealed record EtcdToken(string? Token);
