using System.Text.Json.Serialization;

namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>An etcd lease.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Ttl">Seconds it has left; 0 when there is none of that number.</param>
/// <param name="Error">What went wrong after all, in an answer that began well.</param>
internal sealed record EtcdLeaseResponse(
    [property: JsonPropertyName("ID")] long Id, [property: JsonPropertyName("TTL")] long Ttl, string? Error);
