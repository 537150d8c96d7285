using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Overlay.Testing.Kubernetes;

/// <summary>The part of the API that is about pods: one by its name, and the node that it is on.</summary>
internal static class PodPlaces
{
    private const string Root = "/api/v1/namespaces";

    public static bool IsFor(HttpContext context) => context.Request.Path.StartsWithSegments(Root, StringComparison.Ordinal);

    /// <param name="context">The request.</param>
    /// <param name="places">The node of each pod, by namespace/name.</param>
    public static Task AnswerAsync(HttpContext context, IReadOnlyDictionary<string, string> places)
    {
        string pod = context.Request.Path.Value![(Root.Length + 1)..].Replace("/pods/", "/", StringComparison.Ordinal);
        string name = pod[(pod.IndexOf('/', StringComparison.Ordinal) + 1)..];
        return places.TryGetValue(pod, out string? node)
            ? JsonAnswer.WriteAsync(context, 200, new JsonObject
            {
                ["kind"] = "Pod",
                ["apiVersion"] = "v1",
                ["metadata"] = new JsonObject { ["name"] = name },
                ["spec"] = new JsonObject { ["nodeName"] = node },
            })
            : JsonAnswer.WriteAsync(context, 404, StatusBody.Of(404, "NotFound", $"pods \"{name}\" not found"));
    }
}
