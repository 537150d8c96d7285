using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Overlay.Daemon.Probes;
using Overlay.Daemon.Problems;

namespace Overlay.Daemon.Admin;

/// <summary>Answers requests for a ping; a stop of the daemon ends the one that is under way.</summary>
/// <param name="scenes">Knows the node as it is.</param>
/// <param name="pinger">Carries the pings out.</param>
/// <param name="problems">Gets faults that nobody expected.</param>
/// <param name="lifetime">Knows that the daemon stops.</param>
internal sealed class PingRequests(
    PingScenes scenes, Pinger pinger, ProblemBoard problems, IHostApplicationLifetime lifetime)
{
    private const string Part = "the ping";

    /// <summary>Answers <c>/v1/ping?to=NODE&amp;count=N&amp;interval=MILLISECONDS</c>.</summary>
    public async Task<IResult> AnswerAsync(HttpRequest request, CancellationToken aborted)
    {
        using CancellationTokenSource ending =
            CancellationTokenSource.CreateLinkedTokenSource(aborted, lifetime.ApplicationStopping);
        Task<PingReport> pinging = PingAsync(request.Query, ending.Token);
        await ((Task)pinging).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (pinging.IsCanceled) return PlainText.Answer(StatusCodes.Status503ServiceUnavailable, "the ping was ended");
        if (pinging.Exception?.InnerException is PingException fault)
            return PlainText.Answer(StatusOf(fault.Fault), fault.Message);
        PingReport? report = null;
        return problems.Guard.Try(Part, () => report = pinging.GetAwaiter().GetResult())
            ? Results.Json(report, AdminJson.Default.PingReport)
            : PlainText.Answer(StatusCodes.Status500InternalServerError, "the ping has failed: see the log of overlayd");
    }

    private async Task<PingReport> PingAsync(IQueryCollection query, CancellationToken cancellation)
    {
        string to = query["to"].ToString();
        if (to.Length == 0)
            throw new PingException(PingFault.BadQuestion, "to is missing: a node, an address of a pod, or all");
        bool isEverybody = to == PingTarget.Everybody;
        PingPace pace = PingPace.Of(NumberOf(query, "count"), NumberOf(query, "interval"), isEverybody);
        PingScene scene = scenes.Now();
        return PingReport.Of(await pinger.PingAsync(scene, PingTarget.Find(scene, to), pace, cancellation));
    }

    private static int? NumberOf(IQueryCollection query, string key)
    {
        string text = query[key].ToString();
        if (text.Length == 0) return null;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw new PingException(PingFault.BadQuestion, $"{key} '{text}' is no number; example: 10");
    }

    private static int StatusOf(PingFault fault) => fault switch
    {
        PingFault.UnknownTarget => StatusCodes.Status404NotFound,
        PingFault.Busy => StatusCodes.Status409Conflict,
        _ => StatusCodes.Status400BadRequest,
    };
}
