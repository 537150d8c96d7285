using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Options;
using Overlay.Dataplane.Forwarding;
using Overlay.Host.Files;
using Overlay.Host.Interop;
using Serilog.Core;

namespace Overlay.Daemon.Admin;

/// <summary>HTTP on the admin socket: reports, health and metrics.</summary>
internal static class AdminEndpoints
{
    private const UnixFileMode OwnerDirectory =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Makes Kestrel listen; a socket file that no daemon serves any more is removed first.</summary>
    /// <exception cref="ConfigurationException">The path is that of a file which is no socket.</exception>
    /// <exception cref="IOException">Another daemon serves the socket.</exception>
    public static void Listen(KestrelServerOptions kestrel, OverlayOptions options)
    {
        _ = Directory.CreateDirectory(Path.GetDirectoryName(options.AdminSocket)!, OwnerDirectory);
        RemoveStale(options.AdminSocket);
        HttpLimits.Apply(kestrel);
        kestrel.ListenUnixSocket(options.AdminSocket);
    }

    public static void Map(WebApplication application)
    {
        IServiceProvider services = application.Services;
        AdminReader reader = services.GetRequiredService<AdminReader>();
        RouteGroupBuilder socket = application.MapGroup("/v1");
        _ = socket.MapGet("/status", () => Results.Json(reader.Status(), AdminJson.Default.StatusReport));
        _ = socket.MapGet("/config", () =>
            Results.Json(reader.Configuration(), AdminJson.Default.IReadOnlyListConfigurationValue));
        _ = socket.MapGet("/checks", () => Results.Json(reader.Checks(), AdminJson.Default.IReadOnlyListCheckReport));
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

    // A connection to a regular file is refused too. But a file can be opened, and a socket cannot (ENXIO).
    private static bool IsSocket(string path)
    {
        try
        {
            File.OpenHandle(path).Dispose();
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static void RemoveStale(string path)
    {
        if (!File.Exists(path)) return;
        using Socket probe = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException refused)
            when (refused.SocketErrorCode == SocketError.ConnectionRefused && IsSocket(path))
        {
            File.Delete(path);
            return;
        }
        catch (SocketException exception)
        {
            throw new ConfigurationException(
                $"Overlay:Admin:Socket '{path}' exists and is no socket that overlayd has left ({exception.Message}); "
                + $"example: {NodePaths.AdminSocket}");
        }

        throw new LinuxException("bind", $"{path}, where another overlayd answers,", Errno.EADDRINUSE);
    }
}
