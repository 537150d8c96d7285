using System.Net;
using System.Text.Json.Nodes;

namespace Overlay.Testing.Kubernetes;

/// <summary>
/// Pod CIDRs as a controller manager hands them out: one that was a Node's before is not given again for a long time.
/// </summary>
internal sealed class PodCidrPool
{
    private readonly Dictionary<string, string[]> _former = new(StringComparer.Ordinal);
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    /// <summary>A Node of that name had those.</summary>
    public void Remember(string name, JsonObject node)
    {
        string[] podCidrs = Of(node);
        if (podCidrs.Length == 0) return;
        _former[name] = podCidrs;
        _used.UnionWith(podCidrs);
    }

    /// <summary>Gives others to a Node that is made again under its name and asks for none.</summary>
    public void Give(string name, JsonObject node)
    {
        if (Of(node).Length > 0 || !_former.TryGetValue(name, out string[]? former)) return;
        string[] given = [.. former.Select(Next)];
        JsonObject spec = (JsonObject)(node["spec"] ??= new JsonObject());
        spec["podCIDR"] = given[0];
        spec["podCIDRs"] = new JsonArray([.. given.Select(static podCidr => JsonValue.Create(podCidr))]);
        Remember(name, node);
    }

    public void Use(JsonObject node) => _used.UnionWith(Of(node));

    private string Next(string podCidr)
    {
        string[] parts = podCidr.Split('/');
        byte[] address = IPAddress.Parse(parts[0]).GetAddressBytes();
        int length = int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture);
        string next;
        do
        {
            // The last byte of the prefix; pools of tests are smaller than what it counts.
            address[(length / 8) - 1]++;
            next = $"{new IPAddress(address)}/{length}";
        }
        while (_used.Contains(next));
        return next;
    }

    private static string[] Of(JsonObject node) =>
        [.. (node["spec"]?["podCIDRs"] as JsonArray ?? []).Select(static podCidr => (string)podCidr!)];
}
