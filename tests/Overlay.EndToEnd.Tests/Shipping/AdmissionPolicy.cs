using System.Text.Json.Nodes;
using Cel;
using YamlDotNet.RepresentationModel;
using static Overlay.EndToEnd.Tests.Shipping.KubernetesManifest;

namespace Overlay.EndToEnd.Tests.Shipping;

/// <summary>
/// The admission policy of deploy/kubernetes, judged by a library of the Common Expression Language: as an API server
/// does, but for its types and its bounds on cost.
/// </summary>
internal sealed class AdmissionPolicy
{
    private const string NodeClaim = "authentication.kubernetes.io/node-name";

    private static readonly CelEnvironment _language = new(null, null);

    private readonly YamlNode _spec =
        At(KubernetesManifest.Read("admission-policy.yaml").Object("ValidatingAdmissionPolicy"), "spec");

    /// <summary>Null where the write is admitted; else the policy's message.</summary>
    /// <param name="user">The account that writes.</param>
    /// <param name="node">The node that its token names; null for a token without.</param>
    /// <param name="before">The Node as it was.</param>
    /// <param name="after">As it would be.</param>
    public string? Judge(string user, string? node, JsonObject before, JsonObject after)
    {
        Dictionary<string, object?> info = new() { ["username"] = user };
        if (node is not null)
            info["extra"] = new Dictionary<string, object?> { [NodeClaim] = new List<object?> { node } };
        Dictionary<string, object?> variables = [];
        Dictionary<string, object?> world = new()
        {
            ["request"] = new Dictionary<string, object?> { ["userInfo"] = info },
            ["oldObject"] = Of(before),
            ["object"] = Of(after),
            ["variables"] = variables,
        };
        if (Items(At(_spec, "matchConditions")).Any(condition => !IsTrue(condition, world))) return null;
        foreach (YamlNode variable in Items(At(_spec, "variables")))
            variables[Text(variable, "name")] = Evaluate(Text(variable, "expression"), world);
        YamlNode? refusal = Items(At(_spec, "validations")).FirstOrDefault(validation => !IsTrue(validation, world));
        return refusal is null ? null
            : Find(refusal, "message") is YamlScalarNode message ? message.Value
            : (string)Evaluate(Text(refusal, "messageExpression"), world)!;
    }

    private static bool IsTrue(YamlNode rule, Dictionary<string, object?> world) =>
        (bool)Evaluate(Text(rule, "expression"), world)!;

    private static object? Evaluate(string expression, Dictionary<string, object?> world) =>
        _language.Compile(expression).Invoke(world);

    private static object? Of(JsonNode? node) => node switch
    {
        null => null,
        JsonObject map => map.ToDictionary(static pair => pair.Key, static pair => Of(pair.Value)),
        JsonArray list => list.Select(Of).ToArray(),
        JsonValue value when value.TryGetValue(out string? text) => text,
        JsonValue value when value.TryGetValue(out bool flag) => flag,
        _ => (object)(long)node,
    };
}
