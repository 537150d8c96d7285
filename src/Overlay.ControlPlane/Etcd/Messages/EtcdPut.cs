namespace Overlay.ControlPlane;

/// <summary>Writes a key.</summary>
internal sealed record EtcdPut(byte[] Key, byte[] Value, long Lease);
