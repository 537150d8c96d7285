using Overlay.ControlPlane.Sources.Etcd.Protocol;

namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>The head of an answer of etcd. Immutable.</summary>
/// <param name="ClusterId">The identity of the store.</param>
/// <param name="Revision">Of the whole store, at the answer.</param>
internal sealed record EtcdHeader(ulong ClusterId, long Revision)
{
    public static EtcdHeader Of(ResponseHeader? header) => new(header?.ClusterId ?? 0, header?.Revision ?? 0);
}

/// <summary>
/// A key with its value, as etcd has it. Of a deleted key there are only the name and the revision. Immutable.
/// </summary>
/// <param name="Key">Its name.</param>
/// <param name="Value">Its value.</param>
/// <param name="ModRevision">When it was last written.</param>
/// <param name="Lease">The etcd lease it goes with; 0 when it stays.</param>
internal sealed record EtcdKeyValue(byte[] Key, byte[] Value, long ModRevision, long Lease)
{
    public static EtcdKeyValue Of(KeyValue entry) =>
        new(entry.Key.ToByteArray(), entry.Value.ToByteArray(), entry.ModRevision, entry.Lease);
}

/// <summary>Keys as they were at one moment. Immutable.</summary>
/// <param name="Header">The store, and its revision at that moment.</param>
/// <param name="Keys">In their order.</param>
internal sealed record EtcdList(EtcdHeader Header, IReadOnlyList<EtcdKeyValue> Keys);

/// <summary>A change of one key. Immutable.</summary>
/// <param name="IsDelete">The key is gone.</param>
/// <param name="Kv">The key.</param>
internal sealed record EtcdEvent(bool IsDelete, EtcdKeyValue Kv)
{
    public static EtcdEvent Of(Event change) =>
        new(change.Type == Event.Types.EventType.Delete, EtcdKeyValue.Of(change.Kv ?? new()));
}
