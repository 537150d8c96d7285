namespace Overlay.ControlPlane.Sources.Etcd.Messages;

/// <summary>Deletes a key.</summary>
internal sealed record EtcdDelete(byte[] Key);
