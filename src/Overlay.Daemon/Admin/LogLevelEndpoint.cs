using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Serilog.Core;
using Serilog.Events;

namespace Overlay.Daemon.Admin;

/// <summary>Shows and changes how much is logged, until the daemon is started anew.</summary>
internal static class LogLevelEndpoint
{
    private const string Path = "/log-level";

    // The longest name has eleven letters.
    private const int MostBytes = 64;

    /// <param name="group">The admin socket's.</param>
    /// <param name="level">Obeyed by all loggers.</param>
    public static void Map(RouteGroupBuilder group, LoggingLevelSwitch level)
    {
        _ = group.MapGet(Path, () => Answer(level));
        _ = group.MapPut(Path, async (HttpRequest request) =>
        {
            if (request.ContentLength is not <= MostBytes) return Refuse("");
            using StreamReader reader = new(request.Body);
            string name = (await reader.ReadToEndAsync(request.HttpContext.RequestAborted)).Trim();
            string? known = Enum.GetNames<LogEventLevel>()
                .FirstOrDefault(known => known.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (known is null) return Refuse(name);
            level.MinimumLevel = Enum.Parse<LogEventLevel>(known);
            return Answer(level);
        });
    }

    private static IResult Answer(LoggingLevelSwitch level) =>
        Results.Json(new LogLevelReport(level.MinimumLevel.ToString()), AdminJson.Default.LogLevelReport);

    private static IResult Refuse(string name) => PlainText.Answer(
        StatusCodes.Status400BadRequest,
        $"'{name}' is no level of the log; example: one of {string.Join(", ", Enum.GetNames<LogEventLevel>())}");
}
