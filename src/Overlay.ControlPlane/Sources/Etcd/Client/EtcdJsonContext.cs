using System.Text.Json.Serialization;

namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>The JSON of etcd's gateway: snake case but for leases, 64-bit numbers as text, bytes as base64, defaults left out.</summary>
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
