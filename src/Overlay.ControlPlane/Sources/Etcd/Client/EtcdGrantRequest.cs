using System.Text.Json.Serialization;

namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>Asks for an etcd lease, in seconds.</summary>
internal sealed record EtcdGrantRequest([property: JsonPropertyName("TTL")] long Ttl);
