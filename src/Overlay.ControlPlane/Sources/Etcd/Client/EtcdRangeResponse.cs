namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>Keys, in their order.</summary>
/// <param name="Header">Its revision is that of the store, not of what was asked for.</param>
/// <param name="Kvs">None is told as absent.</param>
/// <param name="More">The limit cut the list short.</param>
internal sealed record EtcdRangeResponse(EtcdHeader Header, IReadOnlyList<EtcdKeyValue>? Kvs, bool More);
