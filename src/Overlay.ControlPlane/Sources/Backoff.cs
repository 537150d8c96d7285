namespace Overlay.ControlPlane.Sources;

/// <summary>Waits that double up to a longest one, each drawn at random from its upper half: nodes do not come back all at once.</summary>
internal sealed class Backoff(TimeProvider time, TimeSpan first, TimeSpan longest)
{
    private readonly TimeSpan _first = first;
    private TimeSpan _next = first;

    /// <summary>From 0.1 s to 5 s, for a store that is away.</summary>
    public Backoff(TimeProvider time) : this(time, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5))
    {
    }

    /// <summary>How long the next wait is to be; each is longer than the one before.</summary>
    public TimeSpan Next()
    {
        TimeSpan wait = _next * (0.5 + (Random.Shared.NextDouble() / 2));
        _next = _next * 2 < longest ? _next * 2 : longest;
        return wait;
    }

    public Task WaitAsync(CancellationToken cancellationToken) => Task.Delay(Next(), time, cancellationToken);

    /// <summary>All went well: the next failure is a new one.</summary>
    public void Reset() => _next = _first;
}
