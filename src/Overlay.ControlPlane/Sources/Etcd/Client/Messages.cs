using System.Text.Json.Serialization;

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
    public static EtcdCompare Absent(byte[] key) => new()
    {
        Target = "VERSION",
        Result = "EQUAL",
        Key = key,
        Version = 0,
    };

    /// <summary>The key is as it was at that revision.</summary>
    public static EtcdCompare Unchanged(byte[] key, long modRevision) =>
        new() { Target = "MOD", Result = "EQUAL", Key = key, ModRevision = modRevision };

    /// <summary>No key of the range was made after that revision.</summary>
    public static EtcdCompare NoneNewer(byte[] key, byte[] rangeEnd, long revision) =>
        new() { Target = "CREATE", Result = "LESS", Key = key, RangeEnd = rangeEnd, CreateRevision = revision + 1 };
}

/// <summary>The head of every answer of etcd.</summary>
/// <param name="ClusterId">The identity of the store.</param>
/// <param name="Revision">Of the whole store, at the answer.</param>
internal sealed record EtcdHeader(ulong ClusterId, long Revision);

/// <summary>A key with its value, as etcd has it. Of a deleted key only the name and the revision are told.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Value">An empty one is told as absent.</param>
/// <param name="ModRevision">When it was last written.</param>
/// <param name="Lease">The etcd lease it goes with; 0 when it stays.</param>
internal sealed record EtcdKeyValue(byte[] Key, byte[]? Value, long ModRevision, long Lease);

/// <summary>Keys as they were at one moment. Immutable.</summary>
/// <param name="Header">The store, and its revision at that moment.</param>
/// <param name="Keys">In their order.</param>
internal sealed record EtcdList(EtcdHeader Header, IReadOnlyList<EtcdKeyValue> Keys);

/// <summary>Asks for one key, or for all from <paramref name="Key"/> to before <paramref name="RangeEnd"/>.</summary>
internal sealed record EtcdRangeRequest(byte[] Key, byte[]? RangeEnd = null, long Limit = 0, long Revision = 0);

/// <summary>Keys, in their order.</summary>
/// <param name="Header">Its revision is that of the store, not of what was asked for.</param>
/// <param name="Kvs">None is told as absent.</param>
/// <param name="More">The limit cut the list short.</param>
internal sealed record EtcdRangeResponse(EtcdHeader Header, IReadOnlyList<EtcdKeyValue>? Kvs, bool More);

/// <summary>Operations that are done if all conditions hold.</summary>
internal sealed record EtcdTransaction(IReadOnlyList<EtcdCompare> Compare, IReadOnlyList<EtcdOperation> Success);

/// <summary>An operation of a transaction: a write or a deletion.</summary>
internal sealed record EtcdOperation
{
    public EtcdPut? RequestPut { get; init; }

    public EtcdDelete? RequestDeleteRange { get; init; }
}

/// <summary>Writes a key.</summary>
internal sealed record EtcdPut(byte[] Key, byte[] Value, long Lease);

/// <summary>Deletes a key.</summary>
internal sealed record EtcdDelete(byte[] Key);

/// <summary>Whether it was done.</summary>
internal sealed record EtcdTransactionResponse(EtcdHeader Header, bool Succeeded);

/// <summary>Asks for an etcd lease, in seconds.</summary>
internal sealed record EtcdGrantRequest([property: JsonPropertyName("TTL")] long Ttl);

/// <summary>Names an etcd lease that is to be kept alive, or to be given back.</summary>
internal sealed record EtcdLeaseRequest([property: JsonPropertyName("ID")] long Id);

/// <summary>An etcd lease.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Ttl">Seconds it has left; 0 when there is none of that number.</param>
/// <param name="Error">The failure in an answer that began well.</param>
internal sealed record EtcdLeaseResponse(
    [property: JsonPropertyName("ID")] long Id, [property: JsonPropertyName("TTL")] long Ttl, string? Error);

/// <summary>Opens a watch.</summary>
internal sealed record EtcdWatchRequest(EtcdWatchCreation CreateRequest);

/// <summary>The keys to watch, and the first revision.</summary>
internal sealed record EtcdWatchCreation(byte[] Key, byte[] RangeEnd, long StartRevision, bool ProgressNotify);

/// <summary>
/// A message of a watch: that it was made, events, that nothing was missed up to a revision, or its end.
/// </summary>
internal sealed record EtcdWatchResponse(
    EtcdHeader Header, bool Created, bool Canceled, long CompactRevision, string? CancelReason,
    IReadOnlyList<EtcdEvent>? Events);

/// <summary>A change of one key.</summary>
/// <param name="Type">DELETE, or absent for a write.</param>
/// <param name="Kv">The key.</param>
internal sealed record EtcdEvent(string? Type, EtcdKeyValue Kv)
{
    [JsonIgnore]
    public bool IsDelete => Type == "DELETE";
}

/// <summary>A message of a streamed answer.</summary>
internal sealed record EtcdStreamed<T>(T? Result, EtcdStreamError? Error);

/// <summary>How an answer of many messages ends badly.</summary>
internal sealed record EtcdStreamError(int GrpcCode, string? Message);

/// <summary>Asks for a token.</summary>
internal sealed record EtcdCredentials(string Name, string Password);

/// <summary>A token, which goes with every request.</summary>
internal sealed record EtcdToken(string? Token);

/// <summary>A refusal of etcd.</summary>
internal sealed record EtcdError(int Code, string? Message);

/// <summary>
/// The JSON of etcd's gateway: snake case but for leases, 64-bit numbers as text, bytes as base64, defaults left out.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    NumberHandling = JsonNumberHandling.AllowReadingFromString,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(EtcdRangeRequest))]
[JsonSerializable(typeof(EtcdRangeResponse))]
[JsonSerializable(typeof(EtcdTransaction))]
[JsonSerializable(typeof(EtcdTransactionResponse))]
[JsonSerializable(typeof(EtcdGrantRequest))]
[JsonSerializable(typeof(EtcdLeaseRequest))]
[JsonSerializable(typeof(EtcdLeaseResponse))]
[JsonSerializable(typeof(EtcdStreamed<EtcdLeaseResponse>))]
[JsonSerializable(typeof(EtcdStreamed<EtcdWatchResponse>))]
[JsonSerializable(typeof(EtcdWatchRequest))]
[JsonSerializable(typeof(EtcdCredentials))]
[JsonSerializable(typeof(EtcdToken))]
[JsonSerializable(typeof(EtcdError))]
internal sealed partial class EtcdJsonContext : JsonSerializerContext;
