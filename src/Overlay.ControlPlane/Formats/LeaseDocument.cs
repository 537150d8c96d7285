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
