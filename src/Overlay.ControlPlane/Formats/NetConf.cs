using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Unicode;
using Overlay.ControlPlane.Leases;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Formats;

/// <summary>flannel's net-conf.json: what all nodes of a network have in common.</summary>
/// <remarks>
/// Go's rules of reading: names in any case, unknown names ignored, null as if absent, wrong kinds refused.
/// <c>Learning</c> and <c>EnableNFTables</c> are read and change nothing: leases alone say which VTEP a pod is behind,
/// and packet filter rules are the node's own.
/// </remarks>
public static class NetConf
{
    /// <summary>The UDP port of the kernel's VXLAN, which flannel leaves it at.</summary>
    public const ushort DefaultPort = 8472;

    /// <summary>The longest document that is read, in bytes.</summary>
    public const int MostBytes = 64 * 1024;

    private const string Example = """{"Network":"10.244.0.0/16","Backend":{"Type":"vxlan"}}""";
    private const string BackendExample = """{"Type":"vxlan","VNI":1}""";

    /// <summary>Reads all of it, as where pod CIDRs are handed out by it (etcd); never throws.</summary>
    /// <param name="json">The document.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="error">One sentence with the key, its value and a right example.</param>
    public static bool TryParse(
        ReadOnlySpan<byte> json, [NotNullWhen(true)] out NetworkSettings? settings,
        [NotNullWhen(false)] out string? error) =>
        TryParse(json, handsOutSubnets: true, out settings, out error);

    /// <summary>
    /// The same where pod CIDRs come from elsewhere (Kubernetes): lengths and ranges of subnets have to be of the right
    /// kind, and mean nothing.
    /// </summary>
    /// <inheritdoc cref="TryParse(ReadOnlySpan{byte}, out NetworkSettings?, out string?)"/>
    public static bool TryParseWithoutSubnets(
        ReadOnlySpan<byte> json, [NotNullWhen(true)] out NetworkSettings? settings,
        [NotNullWhen(false)] out string? error) =>
        TryParse(json, handsOutSubnets: false, out settings, out error);

    private static bool TryParse(
        ReadOnlySpan<byte> json, bool handsOutSubnets,
        [NotNullWhen(true)] out NetworkSettings? settings, [NotNullWhen(false)] out string? error)
    {
        settings = null;
        if (!TryReadObject(json, out NetConfFields? fields, out error)) return false;
        NetConfReader reader = new();
        bool enableIpv4 = reader.Flag(new("EnableIPv4", fields.EnableIpv4), true);
        bool enableIpv6 = reader.Flag(new("EnableIPv6", fields.EnableIpv6), false);
        _ = reader.Flag(new("EnableNFTables", fields.EnableNfTables), false);
        NetConfFamily ipv4 = new(IpFamily.IPv4, fields, reader);
        NetConfFamily ipv6 = new(IpFamily.IPv6, fields, reader);
        if (!enableIpv4 && !enableIpv6)
            reader.Fail("EnableIPv4 and EnableIPv6 are both false; one should be true, such as \"EnableIPv4\":true");
        IpPrefix? cidr = enableIpv4 ? ipv4.Network(reader) : null;
        IpPrefix? cidrV6 = enableIpv6 ? ipv6.Network(reader) : null;
        SubnetRange? subnets = handsOutSubnets && cidr is { } network ? ipv4.Subnets(network, reader) : null;
        SubnetRange? subnetsV6 = handsOutSubnets && cidrV6 is { } networkV6 ? ipv6.Subnets(networkV6, reader) : null;
        NetworkSettings? backend = Backend(new("Backend", fields.Backend), reader);
        if ((error = reader.Error) is not null) return false;

        settings = backend! with
        {
            Cidr = cidr,
            CidrV6 = cidrV6,
            SubnetLength = subnets?.Min.Length ?? 0,
            SubnetLengthV6 = subnetsV6?.Min.Length ?? 0,
            SubnetMin = subnets?.Min,
            SubnetMax = subnets?.Max,
            SubnetMinV6 = subnetsV6?.Min,
            SubnetMaxV6 = subnetsV6?.Max,
        };
        return true;
    }

    private static NetworkSettings? Backend(JsonField field, NetConfReader reader)
    {
        NetConfBackendFields? fields = null;
        if (field.IsAbsent)
        {
            reader.Fail(
                "Backend is missing, which to flannel means udp, and only vxlan can be had; it should be "
                + $"{BackendExample}");
            return null;
        }

        try
        {
            if (field.Value.ValueKind == JsonValueKind.Object)
                fields = field.Value.Deserialize(NetConfJsonContext.Default.NetConfBackendFields);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // A member's name whose escapes are no valid text. Reported below like any other bad value.
        }

        if (fields is null)
        {
            reader.Fail(field.IsNot($"an object such as {BackendExample}"));
            return null;
        }

        JsonField type = new("Backend.Type", fields.Type);
        if (!type.TryGetText(out string? name)) reader.Fail(type.IsNot("a backend's name such as \"vxlan\""));
        else if (!Lease.Vxlan.Equals(name, StringComparison.OrdinalIgnoreCase))
            reader.Fail(
                type.IsNot(
                    "\"vxlan\", the only one that can be had; its nodes and flannel's of another type cannot hear "
                    + "each other"));

        int vni = reader.Number(new("Backend.VNI", fields.Vni), 1, (int)Vni.Max, 1);
        int port = reader.Number(new("Backend.Port", fields.Port), 0, ushort.MaxValue, DefaultPort);
        int mtu = reader.Number(new("Backend.MTU", fields.Mtu), 0, ushort.MaxValue, 1500);
        if (reader.Flag(new("Backend.GBP", fields.Gbp), false))
            reader.Fail(
                "Backend.GBP is true: nodes would mark headers with bits that make nodes without it drop the packet; "
                + "it should be false on all nodes");
        _ = reader.Flag(new("Backend.Learning", fields.Learning), false);
        bool directRouting = reader.Flag(new("Backend.DirectRouting", fields.DirectRouting), false);
        return new()
        {
            Vni = new((uint)vni),
            Port = port == 0 ? DefaultPort : (ushort)port,
            UnderlayMtu = mtu,
            DirectRouting = directRouting,
        };
    }

    private static bool TryReadObject(
        ReadOnlySpan<byte> json, [NotNullWhen(true)] out NetConfFields? fields, [NotNullWhen(false)] out string? error)
    {
        fields = null;
        ReadOnlySpan<byte> byteOrderMark = [0xef, 0xbb, 0xbf];
        if (json.StartsWith(byteOrderMark)) json = json[byteOrderMark.Length..];
        error = json.IsEmpty ? $"is empty, not {Example}"
            : json.Length > MostBytes
                ? $"has {json.Length} bytes, more than the {MostBytes} it may have, such as {Example}"
            : Utf8.IsValid(json) ? null : $"is not UTF-8 text such as {Example}";
        if (error is not null) return false;
        try
        {
            JsonElement root = JsonSerializer.Deserialize(json, NetConfJsonContext.Default.JsonElement);
            if (root.ValueKind == JsonValueKind.Object)
                fields = root.Deserialize(NetConfJsonContext.Default.NetConfFields);
            if (fields is null) error = $"is a JSON {root.ValueKind}, not an object such as {Example}";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            error = $"is not JSON ({ShownText.Of(e.Message, ShownText.SentenceLength)}); it should be such as "
                + Example;
        }

        return fields is not null;
    }
}
