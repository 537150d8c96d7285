namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>Keys as they were at one moment. Immutable.</summary>
/// <param name="Header">Which store, and its revision at that moment.</param>
/// <param name="Keys">In their order.</param>
internal sealed record EtcdList(EtcdHeader Header, IReadOnlyList<EtcdKeyValue> Keys);
