using System.Text.Json;
using System.Text.Json.Serialization;

namespace Overlay.ControlPlane.State;

/// <summary>The content of vtep.json.</summary>
internal sealed record VtepMacDocument
{
    [JsonPropertyName("VtepMAC")]
    public JsonElement VtepMac { get; init; }

    [JsonPropertyName("VtepMACv6")]
    public JsonElement VtepMacV6 { get; init; }
}
