using Google.Protobuf;
using Overlay.ControlPlane.Sources.Etcd.Protocol;

namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>A condition of a transaction, on one key or on each of a range.</summary>
/// <param name="Message">As it is sent.</param>
internal sealed record EtcdCondition(Compare Message)
{
    /// <summary>There is no such key.</summary>
    public static EtcdCondition Absent(byte[] key) => new(new Compare
    {
        Target = Compare.Types.CompareTarget.Version,
        Result = Compare.Types.CompareResult.Equal,
        Key = ByteString.CopyFrom(key),
        Version = 0,
    });

    /// <summary>The key is as it was at that revision.</summary>
    public static EtcdCondition Unchanged(byte[] key, long modRevision) => new(new Compare
    {
        Target = Compare.Types.CompareTarget.Mod,
        Result = Compare.Types.CompareResult.Equal,
        Key = ByteString.CopyFrom(key),
        ModRevision = modRevision,
    });

    /// <summary>No key of the range was made after that revision.</summary>
    public static EtcdCondition NoneNewer(byte[] key, byte[] rangeEnd, long revision) => new(new Compare
    {
        Target = Compare.Types.CompareTarget.Create,
        Result = Compare.Types.CompareResult.Less,
        Key = ByteString.CopyFrom(key),
        RangeEnd = ByteString.CopyFrom(rangeEnd),
        CreateRevision = revision + 1,
    });
}

/// <summary>The operation of a transaction: a write or a deletion of one key.</summary>
/// <param name="Message">As it is sent.</param>
internal sealed record EtcdOperation(RequestOp Message)
{
    /// <param name="key">The key.</param>
    /// <param name="value">Its value from then on.</param>
    /// <param name="lease">The etcd lease that it goes with; 0 to stay.</param>
    public static EtcdOperation Put(byte[] key, byte[] value, long lease) => new(new RequestOp
    {
        RequestPut = new() { Key = ByteString.CopyFrom(key), Value = ByteString.CopyFrom(value), Lease = lease },
    });

    public static EtcdOperation Delete(byte[] key) =>
        new(new RequestOp { RequestDeleteRange = new() { Key = ByteString.CopyFrom(key) } });
}

/// <summary>The end of a transaction. Immutable.</summary>
/// <param name="Succeeded">All conditions held, and the operation was done.</param>
/// <param name="Revision">The store's revision with it.</param>
internal sealed record EtcdOutcome(bool Succeeded, long Revision);
