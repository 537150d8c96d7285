using Microsoft.AspNetCore.Http;

namespace Overlay.Daemon.Admin;

/// <summary>An answer to a probe: an HTTP status and a line for people.</summary>
internal sealed record Health(int Status, string Text)
{
    /// <summary>The paths that are answered.</summary>
    public static IReadOnlyList<string> Paths { get; } = ["/healthz", "/startedz", "/readyz"];

    /// <summary>The answer of now; null for another path.</summary>
    public static Health? Find(string path, AdminReader reader) => path switch
    {
        "/healthz" => new(StatusCodes.Status200OK, "overlayd is running\n"),
        "/startedz" => Of(reader.IsReady || reader.IsLongUp, "overlayd has started\n", reader),
        "/readyz" => Of(reader.IsReady, "overlayd is ready\n", reader),
        _ => null,
    };

    private static Health Of(bool isGood, string good, AdminReader reader) => isGood
        ? new(StatusCodes.Status200OK, good)
        : new(StatusCodes.Status503ServiceUnavailable, $"overlayd is not ready yet{Reason(reader)}\n");

    private static string Reason(AdminReader reader) => reader.Obstacle is { } obstacle ? $": {obstacle}" : "";
}
