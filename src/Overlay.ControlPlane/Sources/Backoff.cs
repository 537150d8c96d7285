namespace Overlay.ControlPlane.Sources;

/// <summary>
/// Waits after failures: random up to a bound that doubles with each failure, so that nodes do not come back all at
/// once.
/// </summary>
/// <param name="time">Clock of the waits.</param>
/// <param name="first">The first bound.</param>
/// <param name="longest">The largest bound.</param>
internal sealed class Backoff(TimeProvider time, TimeSpan first, TimeSpan longest)
{
    private readonly TimeSpan _first = first;
    private TimeSpan _bound = first;
    private long? _failedAt;

    /// <summary>From 0.1 s to 5 s.</summary>
    public Backoff(TimeProvider time) : this(time, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5))
    {
    }

    /// <summary>The part of the bound that every wait has at least.</summary>
    public double LeastShare { get; init; } = 0.5;

    /// <summary>
    /// The time without a failure after which the next one is the first again; null where <see cref="Reset"/> alone
    /// decides.
    /// </summary>
    public TimeSpan? ForgetsAfter { get; init; }

    /// <summary>The wait after another failure.</summary>
    /// <param name="asked">The wait that the store asks for, which comes on top.</param>
    public TimeSpan Next(TimeSpan? asked = null)
    {
        if (ForgetsAfter is { } forgets && _failedAt is { } at && time.GetElapsedTime(at) > _bound + forgets)
            _bound = _first;
        _failedAt = time.GetTimestamp();
        TimeSpan wait = _bound * (LeastShare + ((1 - LeastShare) * Random.Shared.NextDouble()));
        _bound = _bound * 2 < longest ? _bound * 2 : longest;
        return asked is { } least && least > TimeSpan.Zero ? least + wait : wait;
    }

    public Task WaitAsync(CancellationToken cancellationToken) => Task.Delay(Next(), time, cancellationToken);

    /// <summary>All went well: the next failure is the first again.</summary>
    public void Reset() => _bound = _first;
}
