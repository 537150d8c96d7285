using System.Text.Json;
using System.Text.Json.Serialization;

namespace Overlay.ControlPlane.Formats;

/// <summary>net-conf.json as it is read: values of whatever kind, so that a wrong one can be named and shown.</summary>
internal sealed record NetConfFields
{
    [JsonPropertyName("EnableIPv4")]
    public JsonElement EnableIpv4 { get; init; }

    [JsonPropertyName("EnableIPv6")]
    public JsonElement EnableIpv6 { get; init; }

    [JsonPropertyName("EnableNFTables")]
    public JsonElement EnableNfTables { get; init; }

    public JsonElement Network { get; init; }

    public JsonElement SubnetLen { get; init; }

    public JsonElement SubnetMin { get; init; }

    public JsonElement SubnetMax { get; init; }

    [JsonPropertyName("IPv6Network")]
    public JsonElement Ipv6Network { get; init; }

    [JsonPropertyName("IPv6SubnetLen")]
    public JsonElement Ipv6SubnetLen { get; init; }

    [JsonPropertyName("IPv6SubnetMin")]
    public JsonElement Ipv6SubnetMin { get; init; }

    [JsonPropertyName("IPv6SubnetMax")]
    public JsonElement Ipv6SubnetMax { get; init; }

    public JsonElement Backend { get; init; }
}

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

[JsonSourceGenerationOptions(PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(NetConfFields))]
[JsonSerializable(typeof(NetConfBackendFields))]
internal sealed partial class NetConfJsonContext : JsonSerializerContext;
