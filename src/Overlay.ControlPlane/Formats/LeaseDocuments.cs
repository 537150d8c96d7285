using System.Text.Json;
using System.Text.Json.Serialization;
using Overlay.ControlPlane.Leases;

namespace Overlay.ControlPlane.Formats;

/// <summary>A lease as it is written: members in the order of the file.</summary>
internal sealed record LeaseDocument(
    string? Subnet,
    string? SubnetV6,
    [property: JsonPropertyName("PublicIP")] string? PublicIp,
    [property: JsonPropertyName("PublicIPv6")] string? PublicIpV6,
    string BackendType,
    VtepDocument? BackendData,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] VtepDocument? BackendV6Data)
{
    public static LeaseDocument Of(Lease lease) => new(
        lease.Subnet?.ToString(), lease.SubnetV6?.ToString(), lease.PublicIp?.ToString(), lease.PublicIpV6?.ToString(),
        lease.BackendType, VtepDocument.Of(lease.BackendData), VtepDocument.Of(lease.BackendV6Data));
}

/// <summary>
/// flannel's backend-data, written in exactly this order and with nothing more: flannel reads its own back by text.
/// </summary>
internal sealed record VtepDocument(
    [property: JsonPropertyName("VNI"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] uint? Vni,
    [property: JsonPropertyName("VtepMAC")] string VtepMac)
{
    public static VtepDocument? Of(VtepData? vtep) =>
        vtep is null ? null : new(vtep.Vni?.Value, vtep.Mac?.ToString() ?? "");
}

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

/// <summary>A VTEP announcement as it is read: values of whatever kind.</summary>
internal sealed record VtepFields
{
    [JsonPropertyName("VNI")]
    public JsonElement Vni { get; init; }

    [JsonPropertyName("VtepMAC")]
    public JsonElement VtepMac { get; init; }
}

[JsonSourceGenerationOptions(PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(LeaseFields))]
[JsonSerializable(typeof(VtepFields))]
[JsonSerializable(typeof(LeaseDocument))]
internal sealed partial class LeaseJsonContext : JsonSerializerContext;
