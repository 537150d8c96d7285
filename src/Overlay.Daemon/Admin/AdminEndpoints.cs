using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Overlay.Daemon.Callers;
using Overlay.Daemon.Handover;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Options;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Linux.Handover;
using Serilog.Core;

namespace Overlay.Daemon.Admin;

/// <summary>HTTP on the admin socket: reports, health and metrics.</summary>
internal static class AdminEndpoints
{
    private const UnixFileMode OwnerDirectory =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Has Kestrel listen, where <see cref="AdminSocketPlace"/> makes room.</summary>
    /// <param name="kestrel">Gets the socket and its limits.</param>
    /// <param name="options">The socket's path.</param>
    /// <param name="callers">Decides who may ask: nothing that anybody else sends is read.</param>
    public static void Listen(KestrelServerOptions kestrel, OverlayOptions options, CallerGate callers)
    {
        _ = Directory.CreateDirectory(Path.GetDirectoryName(options.AdminSocket)!, OwnerDirectory);
        HttpLimits.Apply(kestrel);
        kestrel.ListenUnixSocket(options.AdminSocket, listening => _ = listening.Use(next => connection =>
            MayAsk(connection, callers, options.AdminSocket) ? next(connection) : Task.CompletedTask));
    }

    // A connection whose caller is not known is none of ours.
    private static bool MayAsk(ConnectionContext connection, CallerGate callers, string path) =>
        connection.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket
            && callers.Admits(PeerCredential.Of(socket), path);

    public static void Map(WebApplication application)
    {
        IServiceProvider services = application.Services;
        AdminReader reader = services.GetRequiredService<AdminReader>();
        RouteGroupBuilder socket = application.MapGroup("/v1");
        _ = socket.MapGet("/status", () => Results.Json(reader.Status(), AdminJson.Default.StatusReport));
        _ = socket.MapGet("/config", () =>
            Results.Json(reader.Configuration(), AdminJson.Default.IReadOnlyListConfigurationValue));
        _ = socket.MapGet("/checks", () => Results.Json(reader.Checks(), AdminJson.Default.IReadOnlyListCheckReport));
        UpgradeEndpoint.Map(socket, services.GetRequiredService<Upgrade>());
        LogLevelEndpoint.Map(socket, services.GetRequiredService<LoggingLevelSwitch>());

        // The status names the answer that a start waits for; the other reports have nothing to show before the node is
        // made.
        RouteGroupBuilder reports = socket.MapGroup("").AddEndpointFilter(async (context, next) =>
            reader.HasNode
                ? await next(context)
                : PlainText.Answer(StatusCodes.Status503ServiceUnavailable, "overlayd is starting"));
        _ = reports.MapGet("/peers", () => Results.Json(reader.Peers(), AdminJson.Default.IReadOnlyListPeerReport));
        _ = reports.MapGet("/routes", () => Results.Json(reader.Routes(), AdminJson.Default.IReadOnlyListRouteReport));
        _ = reports.MapGet("/counters", () => Results.Json(reader.Counters(), AdminJson.Default.CountersReport));
        PingRequests pings = services.GetRequiredService<PingRequests>();
        _ = reports.MapGet(
            "/ping", (HttpRequest request, CancellationToken aborted) => pings.AnswerAsync(request, aborted));

        TraceEndpoint.Map(
            reports, services.GetRequiredService<NodeStatus>(), services.GetRequiredService<TablePublisher>());

        CaptureEndpoint.Map(reports, services);

        HealthApplication health = services.GetRequiredService<HealthApplication>();
        foreach (string path in (string[])[.. Health.Paths, HealthApplication.MetricsPath])
            _ = application.MapGet(path, health.ProcessRequestAsync);
    }
}
