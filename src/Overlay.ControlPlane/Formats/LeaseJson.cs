using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using Overlay.ControlPlane.Leases;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Formats;

/// <summary>The JSON of a lease: flannel's value with the pod CIDRs in it.</summary>
/// <remarks>
/// Reading follows Go's rules, since flannel's own files are read too: names in any case, unknown names ignored. Values
/// are held to the letter: a prefix with host bits set is refused rather than guessed at.
/// </remarks>
internal static class LeaseJson
{
    /// <summary>The longest lease that is read, in bytes, whatever store it is from.</summary>
    public const int MostBytes = 64 * 1024;

    private const string Example = """an object such as {"Subnet":"10.244.2.0/24","PublicIP":"192.0.2.2","BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"02:00:00:00:00:02"}}""";

    /// <summary>
    /// Writes <c>{"Subnet":…,"SubnetV6":…,"PublicIP":…,"PublicIPv6":…,"BackendType":…,"BackendData":…}</c>.
    /// </summary>
    public static byte[] Format(Lease lease) =>
        JsonSerializer.SerializeToUtf8Bytes(LeaseDocument.Of(lease), LeaseJsonContext.Default.LeaseDocument);

    /// <summary>
    /// Reads a lease; never throws. The error is one sentence with the field, its value and a right example.
    /// </summary>
    public static bool TryParse(
        string node, ReadOnlySpan<byte> json, [NotNullWhen(true)] out Lease? lease,
        [NotNullWhen(false)] out string? error)
    {
        lease = null;
        if (!TryReadObject(json, Example, out LeaseFields? fields, out error)) return false;

        // The first problem is reported: an operator mends files one problem at a time.
        IpPrefix? subnet = Prefix(new("Subnet", fields.Subnet), IpFamily.IPv4, "10.244.2.0/24", ref error);
        IpPrefix? subnetV6 = Prefix(new("SubnetV6", fields.SubnetV6), IpFamily.IPv6, "fd00:10:244:2::/64", ref error);
        return TryRead(node, new(subnet, subnetV6), fields, out lease, ref error);
    }

    /// <summary>Reads what a lease has besides its pod CIDRs, which here are known from elsewhere.</summary>
    internal static bool TryRead(
        string node, PodCidrs podCidrs, LeaseFields fields, [NotNullWhen(true)] out Lease? lease,
        [NotNullWhen(false)] ref string? error)
    {
        lease = null;
        IpAddress? publicIp = Address(new("PublicIP", fields.PublicIp), IpFamily.IPv4, "192.0.2.2", ref error);
        IpAddress? publicIpV6 = Address(new("PublicIPv6", fields.PublicIpV6), IpFamily.IPv6, "2001:db8::2", ref error);
        JsonField backendType = new("BackendType", fields.BackendType);
        if (!backendType.TryGetText(out string? type))
            error ??= backendType.IsNot("a backend's name such as \"vxlan\"");

        // Other backends put other things there; the reconciler refuses them by their type.
        bool isVxlan = Lease.Vxlan.Equals(type, StringComparison.OrdinalIgnoreCase);
        VtepData? data = isVxlan ? Vtep(new("BackendData", fields.BackendData), ref error) : null;
        VtepData? dataV6 = isVxlan ? Vtep(new("BackendV6Data", fields.BackendV6Data), ref error) : null;
        if (podCidrs is { Ipv4: null, Ipv6: null })
            error ??= "Subnet and SubnetV6 are both absent; one should be a prefix such as \"10.244.2.0/24\"";
        if (publicIp is null && publicIpV6 is null)
            error ??= "PublicIP and PublicIPv6 are both absent; one should be an address such as \"192.0.2.2\"";
        if (error is not null) return false;

        lease = new Lease
        {
            Node = node,
            Subnet = podCidrs.Ipv4,
            SubnetV6 = podCidrs.Ipv6,
            PublicIp = publicIp,
            PublicIpV6 = publicIpV6,
            BackendType = type!,
            BackendData = data,
            BackendV6Data = dataV6,
        };
        return true;
    }

    /// <summary>Reads the members, of whatever kind they are; never throws.</summary>
    internal static bool TryReadObject(
        ReadOnlySpan<byte> json, string example, [NotNullWhen(true)] out LeaseFields? fields,
        [NotNullWhen(false)] out string? error)
    {
        fields = null;
        ReadOnlySpan<byte> byteOrderMark = [0xef, 0xbb, 0xbf];
        if (json.StartsWith(byteOrderMark)) json = json[byteOrderMark.Length..];
        error = json.IsEmpty ? $"is empty, not {example}"
            : json.Length > MostBytes ? $"has {json.Length} bytes, more than the {MostBytes} a lease may have"
            : Utf8.IsValid(json) ? null : $"is not UTF-8 text of {example}";
        if (error is not null) return false;
        try
        {
            JsonElement root = JsonSerializer.Deserialize(json, LeaseJsonContext.Default.JsonElement);
            if (root.ValueKind == JsonValueKind.Object) fields = root.Deserialize(LeaseJsonContext.Default.LeaseFields);
            if (fields is null) error = $"is a JSON {root.ValueKind}, not {example}";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            error = $"is not JSON ({ShownText.Of(e.Message, ShownText.SentenceLength)}); it should be {example}";
        }

        return fields is not null;
    }

    private static IpPrefix? Prefix(JsonField field, IpFamily family, string example, ref string? error)
    {
        if (error is not null || field.IsAbsent) return null;
        bool isText = field.TryGetText(out string? text);
        if (isText && IpPrefix.TryParse(text, out IpPrefix prefix) && prefix.Family == family) return prefix;
        error = field.IsNot($"an {family} prefix such as \"{example}\"");
        if (isText && WithoutHostBits(text!) is { } meant && meant.Family == family)
            error = $"{field.Name} is \"{ShownText.Of(text!)}\", which has host bits set; the prefix is \"{meant}\"";
        return null;
    }

    /// <summary>The prefix that holds the address and has the length; null for what has neither.</summary>
    internal static IpPrefix? WithoutHostBits(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        return slash >= 0 && IpAddress.TryParse(text[..slash], out IpAddress address)
            && int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int length)
            && length <= address.Bits ? new(address, length) : null;
    }

    private static IpAddress? Address(JsonField field, IpFamily family, string example, ref string? error)
    {
        if (error is not null || field.IsAbsent) return null;
        if (field.TryGetText(out string? text)
            && IpAddress.TryParse(text, out IpAddress address) && address.Family == family)
            return address;
        error = field.IsNot($"an {family} address such as \"{example}\"");
        return null;
    }

    /// <summary>Reads flannel's backend data; null where there is none, or with an error.</summary>
    internal static VtepData? Vtep(JsonField field, ref string? error)
    {
        if (error is not null || field.IsAbsent) return null;
        VtepFields? fields = null;
        try
        {
            if (field.Value.ValueKind == JsonValueKind.Object)
                fields = field.Value.Deserialize(LeaseJsonContext.Default.VtepFields);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // A member's name whose escapes are no valid text. Reported below like any other bad value.
        }

        if (fields is null)
        {
            error = field.IsNot("""an object such as {"VNI":1,"VtepMAC":"02:00:00:00:00:02"}""");
            return null;
        }

        if (!TryReadVni(new($"{field.Name}.VNI", fields.Vni), out Vni? vni, ref error)) return null;

        // flannel on Windows registers with an empty MAC first: not ready, and no error.
        JsonField mac = new($"{field.Name}.VtepMAC", fields.VtepMac);
        if (mac.IsAbsent || (mac.TryGetText(out string? text) && text.Length == 0)) return new(vni, null);
        if (text is not null && MacAddress.TryParse(text, out MacAddress address)) return new(vni, address);
        error = mac.IsNot("a MAC address such as \"02:00:00:00:00:02\"");
        return null;
    }

    // flannel before 0.14 announces no VNI, and none compares it.
    private static bool TryReadVni(JsonField field, out Vni? vni, [NotNullWhen(false)] ref string? error)
    {
        vni = null;
        if (field.IsAbsent) return true;
        if (field.Value.ValueKind == JsonValueKind.Number
            && field.Value.TryGetUInt32(out uint number) && number <= Vni.Max)
        {
            vni = new Vni(number);
            return true;
        }

        error = field.IsNot($"a number from 0 to {Vni.Max} such as 1");
        return false;
    }
}
