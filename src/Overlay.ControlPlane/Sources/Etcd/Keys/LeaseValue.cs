using System.Text.Json;
using Overlay.ControlPlane.Formats;
using Overlay.ControlPlane.Leases;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Sources.Etcd.Keys;

/// <summary>
/// The value of a lease's key as far as it was understood: flannel's JSON, with the pod CIDRs left to the key.
/// Immutable.
/// </summary>
/// <param name="Lease">The lease; null where there is none, or none that makes sense.</param>
/// <param name="Owner">
/// A public address of the owner, which a value that is no lease yet has too; null where there is none.
/// </param>
/// <param name="Problem">
/// One sentence with the field, its value and a right example; null where nothing is wrong.
/// </param>
internal sealed record LeaseValue(Lease? Lease, IpAddress? Owner, string? Problem)
{
    private const string Example = """an object such as {"PublicIP":"192.0.2.2","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"02:00:00:00:00:02"}}""";

    /// <summary>
    /// Writes <c>{"PublicIP":…,"PublicIPv6":…,"BackendType":…,"BackendData":…}</c>, and <c>BackendV6Data</c> where
    /// there is one.
    /// </summary>
    public static byte[] Format(Lease lease) =>
        JsonSerializer.SerializeToUtf8Bytes(
            LeaseValueDocument.Of(lease), LeaseValueJsonContext.Default.LeaseValueDocument);

    /// <summary>Reads a value; never throws.</summary>
    /// <param name="key">The key, which gives the lease its pod CIDRs and name.</param>
    /// <param name="value">The JSON.</param>
    /// <param name="isReservation">
    /// The key stays without a daemon: until one has come, its value has only the owner.
    /// </param>
    public static LeaseValue Read(SubnetKey key, ReadOnlySpan<byte> value, bool isReservation)
    {
        if (!LeaseJson.TryReadObject(value, Example, out LeaseFields? fields, out string? error))
            return new(null, null, error);
        IpAddress? owner = Address(fields.PublicIp, IpFamily.IPv4) ?? Address(fields.PublicIpV6, IpFamily.IPv6);
        bool hasBackend = !new JsonField("BackendType", fields.BackendType).IsAbsent
            && !(fields.BackendType.ValueKind == JsonValueKind.String && fields.BackendType.ValueEquals(""u8));
        if (isReservation && !hasBackend && owner is not null) return new(null, owner, null);
        return LeaseJson.TryRead(key.NodeName, key.PodCidrs, fields, out Lease? lease, ref error)
            ? new(lease, owner, null)
            : new(null, owner, error);
    }

    private static IpAddress? Address(JsonElement value, IpFamily family) =>
        new JsonField("", value).TryGetText(out string? text)
            && IpAddress.TryParse(text, out IpAddress address) && address.Family == family
            ? address
            : null;
}
