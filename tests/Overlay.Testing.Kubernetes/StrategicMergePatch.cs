using System.Text.Json.Nodes;

namespace Overlay.Testing.Kubernetes;

/// <summary>
/// Strategic merge as an API server does it for Nodes: maps are merged, conditions by their type, podCIDRs as a set.
/// </summary>
public static class StrategicMergePatch
{
    public static void Apply(JsonObject target, JsonObject patch)
    {
        foreach ((string key, JsonNode? value) in patch)
        {
            switch (value)
            {
                case null:
                    _ = target.Remove(key);
                    break;
                case JsonObject map:
                    if (target[key] is not JsonObject inner) target[key] = inner = [];
                    Apply(inner, map);
                    break;
                case JsonArray list when key == "conditions":
                    if (target[key] is not JsonArray conditions) target[key] = conditions = [];
                    MergeByType(conditions, list);
                    break;
                case JsonArray list when key == "podCIDRs" && target[key] is JsonArray there:
                    foreach (JsonNode? item in list.Where(
                        item => !there.Any(other => JsonNode.DeepEquals(item, other)))) there.Add(item?.DeepClone());
                    break;
                default:
                    target[key] = value.DeepClone();
                    break;
            }
        }
    }

    private static void MergeByType(JsonArray target, JsonArray patch)
    {
        foreach (JsonObject item in patch.OfType<JsonObject>())
        {
            if (target.OfType<JsonObject>().FirstOrDefault(
                there => (string?)there["type"] == (string?)item["type"]) is { } existing) Apply(existing, item);
            else target.Add(item.DeepClone());
        }
    }
}
