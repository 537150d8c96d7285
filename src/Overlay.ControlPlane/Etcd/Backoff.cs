namespace Overlay.ControlPlane;

/// <summary>Waits that double from 0.1 s to 5 s, each drawn at random from its upper half: nodes do not come back all at once.</summary>
internal sealed class Backoff(TimeProvider time)
{
    private static readonly TimeSpan _first = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(5);

    private TimeSpan _next = _first;

    /// <summary>How long the next wait is to be; each is longer than the one before.</summary>
    public TimeSpan Next()
    {
        TimeSpan wait = _next * (0.5 + (Random.Shared.NextDouble() / 2));
        _next = _next * 2 < _longest ? _next * 2 : _longest;
        return wait;
    }

    public Task WaitAsync(CancellationToken cancellationToken) => Task.Delay(Next(), time, cancellationToken);

    /// <summary>All went well: the next failure is a new one.</summary>
    public void Reset() => _next = _first;
}
