using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Overlay.Testing.Kubernetes;

/// <summary>The part of the API that is about network policies: their list.</summary>
internal static class PolicyList
{
    public const string Path = "/apis/networking.k8s.io/v1/networkpolicies";

    /// <param name="context">The request.</param>
    /// <param name="policies">All there are; null where the client has no right to them.</param>
    public static Task AnswerAsync(HttpContext context, IReadOnlyList<JsonObject>? policies)
    {
        if (policies is null)
        {
            return JsonAnswer.WriteAsync(context, 403, StatusBody.Of(
                403, "Forbidden", "networkpolicies.networking.k8s.io is forbidden: User "
                + "\"system:serviceaccount:overlay:overlay\" cannot list resource \"networkpolicies\""));
        }

        int limit = int.Parse(context.Request.Query["limit"].ToString(), CultureInfo.InvariantCulture);
        return JsonAnswer.WriteAsync(context, 200, new JsonObject
        {
            ["kind"] = "NetworkPolicyList",
            ["apiVersion"] = "networking.k8s.io/v1",
            ["metadata"] = new JsonObject { ["resourceVersion"] = "4592" },
            ["items"] = new JsonArray([.. policies.Take(limit).Select(static policy => policy.DeepClone())]),
        });
    }
}
