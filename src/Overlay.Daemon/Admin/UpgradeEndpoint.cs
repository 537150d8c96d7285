using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Overlay.Daemon.Handover;

namespace Overlay.Daemon.Admin;

/// <summary>Starts the program anew, which takes the node over from this process.</summary>
internal static class UpgradeEndpoint
{
    public static void Map(RouteGroupBuilder group, Upgrade upgrade) =>
        _ = group.MapPut("/upgrade", async (CancellationToken aborted) =>
        {
            try
            {
                return Results.Json(
                    new UpgradeReport(await upgrade.RunAsync(aborted)), AdminJson.Default.UpgradeReport);
            }
            catch (UpgradeException exception)
            {
                return PlainText.Answer(StatusCodes.Status409Conflict, exception.Message);
            }
        });
}

/// <summary>The process that runs the node now.</summary>
/// <param name="Process">Its number.</param>
internal sealed record UpgradeReport(int Process);
