namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>Does something if all conditions hold, and nothing else.</summary>
internal sealed record EtcdTransaction(IReadOnlyList<EtcdCompare> Compare, IReadOnlyList<EtcdOperation> Success);
