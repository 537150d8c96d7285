using System.Text.Json.Serialization;
using Overlay.ControlPlane.Formats;
using Overlay.ControlPlane.Leases;

namespace Overlay.ControlPlane.Sources.Etcd.Keys;

/// <summary>The value of a lease's key as it is written: members in flannel's order.</summary>
internal sealed record LeaseValueDocument(
    [property: JsonPropertyName("PublicIP")] string? PublicIp,
    [property: JsonPropertyName("PublicIPv6")] string? PublicIpV6,
    string BackendType,
    VtepDocument? BackendData,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] VtepDocument? BackendV6Data)
{
    public static LeaseValueDocument Of(Lease lease) => new(
        lease.PublicIp?.ToString(), lease.PublicIpV6?.ToString(),
        lease.BackendType, VtepDocument.Of(lease.BackendData), VtepDocument.Of(lease.BackendV6Data));
}

[JsonSerializable(typeof(LeaseValueDocument))]
internal sealed partial class LeaseValueJsonContext : JsonSerializerContext;
