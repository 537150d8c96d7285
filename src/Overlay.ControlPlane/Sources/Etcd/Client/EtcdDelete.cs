namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>Deletes a key.</summary>
internal sealed record EtcdDelete(byte[] Key);
