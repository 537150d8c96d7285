using System.Text.Json.Nodes;

namespace Overlay.Testing.Kubernetes;

/// <summary>The bodies of refusals, with the words of a real API server.</summary>
internal static class StatusBody
{
    public static JsonObject Of(
        int code, string reason, string message, JsonObject? details = null, string? next = null)
    {
        JsonObject metadata = next is null ? [] : new JsonObject { ["continue"] = next };
        JsonObject status = new()
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = metadata,
            ["status"] = "Failure",
            ["message"] = message,
            ["reason"] = reason,
        };
        if (details is not null) status["details"] = details;
        status["code"] = code;
        return status;
    }

    public static JsonObject NotFound(string name) =>
        Of(404, "NotFound", $"nodes \"{name}\" not found", new JsonObject { ["name"] = name, ["kind"] = "nodes" });

    public static JsonObject Unauthorized() => Of(401, "Unauthorized", "Unauthorized");

    public static JsonObject TooOld(long revision, long oldest) =>
        Of(410, "Expired", $"too old resource version: {revision} ({oldest})");

    public static JsonObject ContinueExpired(string next) => Of(
        410, "Expired",
        "The provided continue parameter is too old to display a consistent list result. You can start a new list "
        + "without the continue parameter, "
        + "or use the continue token in this response to retrieve the remainder of the results. Continuing with the "
        + "provided token results in an "
        + "inconsistent list - objects that were created, modified, or deleted between the time the first chunk was "
        + "returned and now may show up in the list.",
        next: next);

    public static JsonObject BadContinue(string why) =>
        Of(400, "BadRequest", $"invalid continue token: continue key is not valid: {why}");
}
