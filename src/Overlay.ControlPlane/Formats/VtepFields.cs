using System.Text.Json;
using System.Text.Json.Serialization;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Formats;

/// <summary>A VTEP announcement as it is read: values of whatever kind.</summary>
internal sealed record VtepFields
{
    [JsonPropertyName("VNI")]
    public JsonElement Vni { get; init; }

    [JsonPropertyName("VtepMAC")]
    public JsonElement VtepMac { get; init; }
}
