using Overlay.ControlPlane.Leases;

namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>Writes a key.</summary>
internal sealed record EtcdPut(byte[] Key, byte[] Value, long Lease);
