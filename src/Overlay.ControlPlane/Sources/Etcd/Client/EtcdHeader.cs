namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>What every answer of etcd begins with.</summary>
/// <param name="ClusterId">Another one is another store.</param>
/// <param name="Revision">Of the whole store, at the answer.</param>
internal sealed record EtcdHeader(ulong ClusterId, long Revision);
