using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Overlay.Linux;

namespace Overlay.Daemon;

/// <summary>HTTP of the daemon: reports on the admin socket, health and metrics on the TCP address.</summary>
public static class AdminEndpoints
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerDirectory = OwnerOnly | UnixFileMode.UserExecute;

    /// <summary>Has Kestrel listen on both; a socket file that nobody serves any more is removed first.</summary>
    /// <exception cref="IOException">Another daemon serves the socket.</exception>
    public static void Listen(KestrelServerOptions kestrel, OverlayOptions options)
    {
        _ = Directory.CreateDirectory(Path.GetDirectoryName(options.AdminSocket)!, OwnerDirectory);
        RemoveStale(options.AdminSocket);
        kestrel.ListenUnixSocket(options.AdminSocket);
        if (options.AdminHttp is { } http) kestrel.Listen(http);
    }

    /// <summary>Leaves the socket to its owner alone: root, or the daemon's user.</summary>
    public static void Protect(OverlayOptions options) => File.SetUnixFileMode(options.AdminSocket, OwnerOnly);

    public static void Map(WebApplication application, AdminReader reader)
    {
        RouteGroupBuilder reports = application.MapGroup("/v1").AddEndpointFilter(async (context, next) =>
            context.HttpContext.Connection.LocalIpAddress is null ? await next(context) : Results.NotFound());
        _ = reports.MapGet("/status", () => Results.Json(reader.Status(), AdminJson.Default.StatusReport));
        _ = reports.MapGet("/peers", () => Results.Json(reader.PeerList(), AdminJson.Default.IReadOnlyListPeerReport));
        _ = reports.MapGet("/routes", () => Results.Json(reader.Routes(), AdminJson.Default.IReadOnlyListRouteReport));
        _ = reports.MapGet("/counters", () => Results.Json(reader.CounterReport(), AdminJson.Default.CountersReport));

        _ = application.MapGet("/healthz", () => "overlayd is running\n");
        _ = application.MapGet("/readyz", () => reader.IsReady
            ? Results.Text("overlayd is ready\n")
            : Results.Text("overlayd is not ready yet\n", statusCode: StatusCodes.Status503ServiceUnavailable));
        _ = application.MapGet("/metrics", () => Results.Text(reader.Metrics(), "text/plain; version=0.0.4"));
    }

    private static void RemoveStale(string path)
    {
        if (!File.Exists(path)) return;
        using Socket probe = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException)
        {
            File.Delete(path);
            return;
        }

        throw new LinuxException("bind", $"{path}, where another overlayd answers,", Errno.EADDRINUSE);
    }
}
