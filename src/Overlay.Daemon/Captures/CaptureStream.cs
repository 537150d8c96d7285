using System.IO.Pipelines;

namespace Overlay.Daemon.Captures;

/// <summary>Carries a capture to its client until one of its ends has come.</summary>
/// <remarks>
/// A client that reads slowly lets this wait, and so the rings fill up: the workers go on, and count what is missed.
/// </remarks>
internal static class CaptureStream
{
    // Rings of 8,192 records miss none of 400,000 packets a second and queue.
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(20);

    // The pipe takes blocks without limit between two flushes.
    private const int MostPerFlush = 256;

    /// <summary>Writes the capture.</summary>
    /// <param name="session">The capture.</param>
    /// <param name="to">The client.</param>
    /// <param name="application">This program and its version.</param>
    /// <param name="time">Clock of the pauses.</param>
    /// <param name="end">The client is gone, or the daemon ends.</param>
    /// <returns>False where the client takes nothing any more.</returns>
    public static async Task<bool> WriteAsync(
        CaptureSession session, PipeWriter to, string application, TimeProvider time, CancellationToken end)
    {
        using CancellationTokenSource limit = new(session.Request.Limit, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, end);
        try
        {
            session.WriteHead(to, application);
            _ = await to.FlushAsync(either.Token);
            while (session.Written < session.Request.Count && !either.IsCancellationRequested)
            {
                int count = session.Write(to, Math.Min(MostPerFlush, session.Request.Count - session.Written));
                if (session.WriteStatistics(to, isLast: false) || count > 0)
                {
                    // A reader that has closed its end takes nothing.
                    if ((await to.FlushAsync(either.Token)).IsCompleted) return false;
                }

                if (count < MostPerFlush) await Task.Delay(_pause, time, either.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // An end as good as the count, unless the client is why: then the last words go nowhere.
        }

        return await TryEndAsync(session, to, time);
    }

    private static async Task<bool> TryEndAsync(CaptureSession session, PipeWriter to, TimeProvider time)
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(1), time);
        try
        {
            _ = session.WriteStatistics(to, isLast: true);
            return !(await to.FlushAsync(limit.Token)).IsCompleted;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
