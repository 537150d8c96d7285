using System.Text.Json;
using System.Text.Json.Serialization;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Formats;

/// <summary>The <c>Backend</c> of net-conf.json as it is read.</summary>
internal sealed record NetConfBackendFields
{
    public JsonElement Type { get; init; }

    [JsonPropertyName("VNI")]
    public JsonElement Vni { get; init; }

    public JsonElement Port { get; init; }

    [JsonPropertyName("MTU")]
    public JsonElement Mtu { get; init; }

    [JsonPropertyName("GBP")]
    public JsonElement Gbp { get; init; }

    public JsonElement Learning { get; init; }

    public JsonElement DirectRouting { get; init; }
}
