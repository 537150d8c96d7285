namespace Overlay.ControlPlane;

/// <summary>Asks for a token.</summary>
internal sealed record EtcdCredentials(string Name, string Password);
