using Overlay.Daemon.Lifecycle;

namespace Overlay.Daemon.Handover;

/// <summary>Looks, from a process that has given its node away and waits for its end, whether anybody runs the node.</summary>
internal static class SuccessorWatch
{
    private const int MostMissing = 5;

    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(2);

    /// <summary>Ends when nobody has answered on the admin socket for ten seconds.</summary>
    public static async Task NobodyAsync(string adminSocket, CancellationToken cancellation)
    {
        for (int missing = 0; missing < MostMissing;)
        {
            await Task.Delay(_pause, cancellation);
            missing = RunningDaemon.AnswersOn(adminSocket) ? 0 : missing + 1;
        }
    }
}
