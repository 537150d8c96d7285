namespace Overlay.ControlPlane.Sources.Etcd.Messages;

/// <summary>A token, which goes with every request.</summary>
internal sealed record EtcdToken(string? Token);
