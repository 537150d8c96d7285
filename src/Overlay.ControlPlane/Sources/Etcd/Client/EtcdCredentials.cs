namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>Asks for a token.</summary>
internal sealed record EtcdCredentials(string Name, string Password);
