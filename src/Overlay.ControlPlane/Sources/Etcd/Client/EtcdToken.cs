namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>A token, which goes with every request.</summary>
internal sealed record EtcdToken(string? Token);
