using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Overlay.ControlPlane.Formats;
using Overlay.ControlPlane.Leases;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Sources.Kubernetes.Nodes;

/// <summary>Reads the lease that a Node's pod CIDRs and annotations make up, as flannel writes it.</summary>
internal sealed class NodeLease
{
    private readonly ApiNode _node;
    private readonly AnnotationKeys _keys;
    private string? _error;

    private NodeLease(ApiNode node, AnnotationKeys keys)
    {
        _node = node;
        _keys = keys;
        _error = node.Malformed;
    }

    /// <summary>Never throws.</summary>
    /// <param name="node">The Node.</param>
    /// <param name="keys">Names of its annotations.</param>
    /// <param name="lease">Null for a node that takes no part.</param>
    /// <param name="error">The problem, in one sentence with the name, the value and a right example.</param>
    public static bool TryRead(
        ApiNode node, AnnotationKeys keys, out Lease? lease, [NotNullWhen(false)] out string? error)
    {
        lease = null;
        NodeLease reading = new(node, keys);
        if (node[keys.Managed] is "true") lease = reading.Read();
        error = reading._error;
        if (error is not null) lease = null;
        return error is null;
    }

    /// <summary>The node's pod CIDRs; both null while it has none.</summary>
    public static bool TryReadPodCidrs(ApiNode node, out PodCidrs podCidrs, [NotNullWhen(false)] out string? error)
    {
        IReadOnlyList<string> texts = node.PodCidrs.Count > 0
            ? node.PodCidrs
            : node.PodCidr is { Length: > 0 } one ? [one] : [];
        podCidrs = new(null, null);
        error = null;
        foreach (string text in texts)
        {
            if (!TryParsePrefix(text, out IpPrefix prefix))
                error ??= $"spec.podCIDRs has \"{ShownText.Of(text)}\", which is no prefix such as \"10.244.2.0/24\"";
            else if (prefix.Family == IpFamily.IPv4 ? podCidrs.Ipv4 is not null : podCidrs.Ipv6 is not null)
                error ??= $"spec.podCIDRs has {ShownText.Of(string.Join(" and ", texts), ShownText.SentenceLength)}, "
                    + "and there can be one of either family, such as \"10.244.2.0/24\" and \"fd00:10:244:2::/64\"";
            else
                podCidrs = prefix.Family == IpFamily.IPv4
                    ? podCidrs with { Ipv4 = prefix }
                    : podCidrs with { Ipv6 = prefix };
        }

        return error is null;
    }

    /// <summary>An annotation that holds an address; null where there is none.</summary>
    public static bool TryReadAddress(
        ApiNode node, string key, IpFamily family, out IpAddress? address, [NotNullWhen(false)] out string? error)
    {
        address = null;
        error = null;
        if (node[key] is not { Length: > 0 } text) return true;
        if (IpAddress.TryParse(text, out IpAddress parsed) && parsed.Family == family)
        {
            address = parsed;
            return true;
        }

        error =
            $"annotation {key} is \"{ShownText.Of(text)}\", not an {family} address such as "
            + $"\"{(family == IpFamily.IPv4 ? "192.0.2.2" : "2001:db8::2")}\"";
        return false;
    }

    private Lease? Read()
    {
        if (!TryReadPodCidrs(_node, out PodCidrs podCidrs, out string? error)) _error ??= error;
        string? type = _node[_keys.BackendType];
        if (string.IsNullOrEmpty(type))
            _error ??= $"annotation {_keys.BackendType} is missing; it should be a backend's name such as \"vxlan\"";

        // Other backends put other things there; the reconciler refuses them by their type.
        bool isVxlan = Lease.Vxlan.Equals(type, StringComparison.OrdinalIgnoreCase);
        Lease lease = new()
        {
            Node = _node.Name,
            Subnet = podCidrs.Ipv4,
            SubnetV6 = podCidrs.Ipv6,
            PublicIp = Address(_keys.PublicIp, IpFamily.IPv4),
            PublicIpV6 = Address(_keys.PublicIpV6, IpFamily.IPv6),
            BackendType = type ?? "",
            BackendData = isVxlan ? Vtep(_keys.BackendData) : null,
            BackendV6Data = isVxlan ? Vtep(_keys.BackendV6Data) : null,
        };
        return _error is null ? lease : null;
    }

    private IpAddress? Address(string key, IpFamily family)
    {
        if (!TryReadAddress(_node, key, family, out IpAddress? address, out string? error)) _error ??= error;
        return address;
    }

    private VtepData? Vtep(string key)
    {
        if (_node[key] is not { Length: > 0 } text) return null;
        JsonElement value = default;
        try
        {
            value = JsonSerializer.Deserialize(text, LeaseJsonContext.Default.JsonElement);
        }
        catch (JsonException)
        {
            _error ??= $$"""annotation {{key}} is {{ShownText.Of(text)}}, not JSON such as {"VNI":1,"VtepMAC":"02:00:00:00:00:02"}""";
        }

        return LeaseJson.Vtep(new($"annotation {key}", value), ref _error);
    }

    // Kubernetes has taken prefixes with host bits set, and flannel reads them as what they are part of.
    private static bool TryParsePrefix(string text, out IpPrefix prefix)
    {
        if (IpPrefix.TryParse(text, out prefix)) return true;
        if (LeaseJson.WithoutHostBits(text) is not { } meant) return false;
        prefix = meant;
        return true;
    }
}
