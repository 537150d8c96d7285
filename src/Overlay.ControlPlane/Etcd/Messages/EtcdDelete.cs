namespace Overlay.ControlPlane;

/// <summary>Deletes a key.</summary>
internal sealed record EtcdDelete(byte[] Key);
