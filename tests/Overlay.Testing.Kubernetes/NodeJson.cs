using System.Text.Json.Nodes;

namespace Overlay.Testing.Kubernetes;

/// <summary>Nodes to put into a store.</summary>
public static class NodeJson
{
    /// <summary>A Node as kubelet registers it, which has no annotations.</summary>
    public static JsonObject Of(string name, params string[] podCidrs)
    {
        JsonObject spec = [];
        if (podCidrs.Length > 0)
        {
            spec["podCIDR"] = podCidrs[0];
            spec["podCIDRs"] = new JsonArray([.. podCidrs.Select(static podCidr => JsonValue.Create(podCidr))]);
        }

        return new()
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["labels"] = new JsonObject { ["kubernetes.io/os"] = "linux" },
            },
            ["spec"] = spec,
            ["status"] = new JsonObject { ["conditions"] = new JsonArray() },
        };
    }

    /// <summary>The same Node with that annotation too.</summary>
    public static JsonObject With(this JsonObject node, string key, string value)
    {
        JsonObject metadata = (JsonObject)node["metadata"]!;
        if (metadata["annotations"] is not JsonObject annotations) metadata["annotations"] = annotations = [];
        annotations[key] = value;
        return node;
    }
}
