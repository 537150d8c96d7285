using System.Text.Json;
using System.Text.Json.Serialization;

namespace Overlay.ControlPlane.Formats;

/// <summary>A lease as it is read: values of whatever kind, so that a wrong one can be named and shown.</summary>
internal sealed record LeaseFields
{
    public JsonElement Subnet { get; init; }

    public JsonElement SubnetV6 { get; init; }

    [JsonPropertyName("PublicIP")]
    public JsonElement PublicIp { get; init; }

    [JsonPropertyName("PublicIPv6")]
    public JsonElement PublicIpV6 { get; init; }

    public JsonElement BackendType { get; init; }

    public JsonElement BackendData { get; init; }

    public JsonElement BackendV6Data { get; init; }
}
