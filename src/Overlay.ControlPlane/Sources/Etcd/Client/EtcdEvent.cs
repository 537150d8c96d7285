using System.Text.Json.Serialization;

namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>A change of one key.</summary>
/// <param name="Type">DELETE, or absent for a write.</param>
/// <param name="Kv">The key.</param>
internal sealed record EtcdEvent(string? Type, EtcdKeyValue Kv)
{
    [JsonIgnore]
    public bool IsDelete => Type == "DELETE";
}
