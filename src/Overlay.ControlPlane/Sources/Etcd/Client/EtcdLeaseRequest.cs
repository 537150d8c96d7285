using System.Text.Json.Serialization;

namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>Names an etcd lease that is to be kept alive, or to be given back.</summary>
internal sealed record EtcdLeaseRequest([property: JsonPropertyName("ID")] long Id);
