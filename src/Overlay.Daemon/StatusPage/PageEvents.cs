using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Overlay.Daemon.Admin;
using Overlay.Daemon.Probes;
using Overlay.Daemon.Problems;

namespace Overlay.Daemon.StatusPage;

/// <summary>
/// Sends the status page its figures, as server-sent events (WHATWG HTML, section 9.2): <c>status</c> each second, and
/// <c>peers</c> behind each round of probes.
/// </summary>
/// <param name="reader">Knows the node.</param>
/// <param name="mesh">Probes the peers while a viewer is there.</param>
/// <param name="problems">Gets faults that nobody expected.</param>
/// <param name="time">Clock of the events.</param>
/// <param name="lifetime">Knows that the daemon stops.</param>
internal sealed class PageEvents(
    AdminReader reader, MeshWatch mesh, ProblemBoard problems, TimeProvider time,
    IHostApplicationLifetime lifetime)
{
    private const string Part = "the status page";

    // Each keeps a connection open, and scrapes and probes need some too.
    private const int MostViewers = 8;

    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(1);

    private int _viewers;

    /// <summary>Answers until the viewer leaves or the daemon stops.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        HttpResponse response = context.Response;
        try
        {
            if (Interlocked.Increment(ref _viewers) > MostViewers)
            {
                response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                await response.WriteAsync(
                    $"{MostViewers} viewers have the status page open already; close one\n", context.RequestAborted);
                return;
            }

            using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(
                context.RequestAborted, lifetime.ApplicationStopping);
            response.ContentType = "text/event-stream";
            response.Headers.CacheControl = "no-store";
            using IDisposable view = mesh.Look();

            // A stream never ends well, so its beginning says that an earlier fault is over.
            problems.Guard.Recover(Part);
            Task writing = SseFormatter.WriteAsync(EventsAsync(ending.Token), response.Body, ending.Token);
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!ending.IsCancellationRequested) _ = problems.Guard.Try(Part, writing.GetAwaiter().GetResult);
        }
        finally
        {
            _ = Interlocked.Decrement(ref _viewers);
        }
    }

    private async IAsyncEnumerable<SseItem<string>> EventsAsync([EnumeratorCancellation] CancellationToken ending)
    {
        int? round = null;
        while (true)
        {
            yield return new(JsonSerializer.Serialize(reader.Status(), PageJson.Default.StatusReport), "status");
            MeshState state = mesh.State;
            if (state.Round != round)
            {
                round = state.Round;
                yield return new(
                    JsonSerializer.Serialize(PagePeers.Of(reader.Peers(), state), PageJson.Default.PagePeers), "peers");
            }

            await Task.Delay(_interval, time, ending);
        }
    }
}
