namespace Overlay.ControlPlane.Sources.Kubernetes.Connection;

/// <summary>How long to wait after a failure: by chance up to a bound that doubles, so that a cluster's nodes spread out.</summary>
/// <param name="timings">The bounds.</param>
/// <param name="time">Clock by which a failure is forgotten.</param>
internal sealed class ApiServerBackoff(KubernetesTimings timings, TimeProvider time)
{
    private TimeSpan _bound = timings.FirstBackoff;
    private long? _failedAt;

    /// <summary>The wait after another failure: at least as long as the server has asked for, if it has.</summary>
    public TimeSpan Next(Exception failure)
    {
        TimeSpan wait = Next();
        return failure is ApiServerException { RetryAfter: { } asked } && asked > TimeSpan.Zero ? asked + wait : wait;
    }

    /// <summary>The wait after another failure.</summary>
    public TimeSpan Next()
    {
        if (_failedAt is { } at && time.GetElapsedTime(at) > _bound + timings.HealthyAfter) _bound = timings.FirstBackoff;
        _failedAt = time.GetTimestamp();
        TimeSpan wait = _bound * Random.Shared.NextDouble();
        _bound = _bound * 2 < timings.LongestBackoff ? _bound * 2 : timings.LongestBackoff;
        return wait;
    }
}
