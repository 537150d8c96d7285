using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Captures;
using Overlay.Daemon.Metrics;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Taps;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Admin;

/// <summary>
/// Streams the packets that the workers are done with, as pcapng:
/// <c>/v1/capture?peer=NODE&amp;pod=IP&amp;drops=true&amp;snap=BYTES&amp;count=N&amp;seconds=N</c>.
/// </summary>
internal static class CaptureEndpoint
{
    private const string ContentType = "application/x-pcapng";

    /// <param name="group">The admin socket's reports of a node that is made.</param>
    /// <param name="services">The parts of the daemon.</param>
    public static void Map(RouteGroupBuilder group, IServiceProvider services)
    {
        CaptureGate gate = services.GetRequiredService<CaptureGate>();
        TablePublisher publisher = services.GetRequiredService<TablePublisher>();
        TimeProvider time = services.GetRequiredService<TimeProvider>();
        CancellationToken stopping = services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        ILogger logger = services.GetRequiredService<ILogger<CaptureGate>>();
        _ = group.MapGet("/capture", async (
            string? peer, string? pod, bool? drops, int? snap, long? count, int? seconds, HttpContext context) =>
        {
            string? fault = Read(
                publisher.Current, peer, pod, drops, snap, count, seconds, out CaptureRequest request);
            if (fault is not null)
                return PlainText.Answer(StatusCodes.Status400BadRequest, fault);
            using CaptureSession? session = gate.TryBegin(request);
            if (session is null)
            {
                return PlainText.Answer(
                    StatusCodes.Status409Conflict,
                    $"another capture {gate.Status ?? "has just ended"}; there is one at a time: end that one");
            }

            // A client that rests, as behind a pager, is waited for until the capture's own limit.
            if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate) rate.MinDataRate = null;
            context.Response.ContentType = ContentType;
            logger.CaptureBegun(request.Limit);
            using CancellationTokenSource end =
                CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
            bool isThere = await CaptureStream.WriteAsync(
                session, context.Response.BodyWriter, $"overlayd {BuildVersion.Text}", time, end.Token);
            if (!isThere) context.Abort();
            logger.CaptureEnded(session.Written, session.Missed);
            return Results.Empty;
        });
    }

    private static string? Read(
        ForwardingTable table, string? peer, string? pod, bool? drops, int? snap, long? count, int? seconds,
        out CaptureRequest request)
    {
        request = new(
            peer is null ? null : AddressesOf(peer, table),
            IpAddress.TryParse(pod, out IpAddress address) ? address : null, drops == true,
            snap ?? CaptureRequest.DefaultSnap, count ?? long.MaxValue,
            seconds is { } limit ? TimeSpan.FromSeconds(limit) : CaptureRequest.MostTime);
        return request.Peers is [] ? $"'{peer}' is no peer of this node; see: overlayctl peers"
            : pod is not null && request.Pod is null ? $"'{pod}' is no IP address; example: --pod 10.244.1.2"
            : request.Snap is < TapRing.LeastSnap or > TapRing.MostSnap
                ? $"--snap {request.Snap}: {TapRing.LeastSnap} to {TapRing.MostSnap} bytes"
            : request.Count < 1 ? $"-c {request.Count}: 1 packet or more"
            : request.Limit < TimeSpan.FromSeconds(1) || request.Limit > CaptureRequest.MostTime
                ? $"--seconds {seconds}: 1 to {CaptureRequest.MostTime.TotalSeconds}"
            : null;
    }

    // An address may be that of no peer: then the frames are wanted that are dropped for it.
    private static IReadOnlyList<IpAddress> AddressesOf(string peer, ForwardingTable table) =>
        IpAddress.TryParse(peer, out IpAddress address)
            ? [address]
            : [.. table.Fdb.Rows.Where(row => row.Node == peer).Select(static row => row.Address)];
}
