namespace Overlay.ControlPlane.Sources.Kubernetes.Connection;

/// <summary>
/// Waits after failed requests: one measure for a server that is away, and one for a server that answers.
/// </summary>
/// <remarks>
/// A server that answers again has no part in how long it was away, so a refusal after an outage waits by its own
/// measure: after a restart every watch is granted and then refused, for the version it is from. A server that is away
/// costs nobody a try, so those stay close together, and nodes are back seconds after it.
/// </remarks>
internal sealed class ServerPatience(KubernetesTimings timings, TimeProvider time)
{
    private readonly Backoff _away = New(timings, time, timings.LongestAwayBackoff);
    private readonly Backoff _answered = New(timings, time, timings.LongestBackoff);

    /// <summary>The wait after another failure.</summary>
    public TimeSpan Next(Exception failure)
    {
        if (ApiServerException.IsAway(failure)) return _away.Next();
        Answered();
        return _answered.Next((failure as ApiServerException)?.RetryAfter);
    }

    /// <summary>The wait after an answer that was none of use.</summary>
    public TimeSpan Next() => _answered.Next();

    /// <summary>The server answers, whatever its answer is.</summary>
    public void Answered() => _away.Reset();

    // Random from zero on, so that a cluster's nodes spread out.
    private static Backoff New(KubernetesTimings timings, TimeProvider time, TimeSpan longest) =>
        new(time, timings.FirstBackoff, longest) { LeastShare = 0, ForgetsAfter = timings.HealthyAfter };
}
