using Overlay.ControlPlane.Leases;

namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>A key with its value, as etcd has it. Of a deleted key only the name and the revision are told.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Value">An empty one is told as absent.</param>
/// <param name="ModRevision">When it was last written.</param>
/// <param name="Lease">The etcd lease it goes with; 0 when it stays.</param>
internal sealed record EtcdKeyValue(byte[] Key, byte[]? Value, long ModRevision, long Lease);
