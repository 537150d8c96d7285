namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>A condition of a transaction, on one key or on each of a range.</summary>
internal sealed record EtcdCompare
{
    public required string Target { get; init; }

    public required string Result { get; init; }

    public required byte[] Key { get; init; }

    public byte[]? RangeEnd { get; init; }

    public long? Version { get; init; }

    public long? CreateRevision { get; init; }

    public long? ModRevision { get; init; }

    /// <summary>There is no such key.</summary>
    public static EtcdCompare Absent(byte[] key) => new() { Target = "VERSION", Result = "EQUAL", Key = key, Version = 0 };

    /// <summary>The key is as it was at that revision.</summary>
    public static EtcdCompare Unchanged(byte[] key, long modRevision) =>
        new() { Target = "MOD", Result = "EQUAL", Key = key, ModRevision = modRevision };

    /// <summary>No key of the range was made after that revision.</summary>
    public static EtcdCompare NoneNewer(byte[] key, byte[] rangeEnd, long revision) =>
        new() { Target = "CREATE", Result = "LESS", Key = key, RangeEnd = rangeEnd, CreateRevision = revision + 1 };
}
