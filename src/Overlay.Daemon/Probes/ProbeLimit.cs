namespace Overlay.Daemon.Probes;

/// <summary>Bounds the probes that are answered: a bucket of tokens that fills evenly. Any thread may take.</summary>
/// <param name="perSecond">Tokens that come in a second, and the most that are kept.</param>
/// <param name="time">Clock of the bucket.</param>
internal sealed class ProbeLimit(int perSecond, TimeProvider time)
{
    /// <summary>
    /// Twelve peers that ping at once with the default pace; a loop of echoes or a flood costs no more than that.
    /// </summary>
    public const int MostAnswers = 2000;

    private readonly Lock _gate = new();
    private double _tokens = perSecond;
    private long _filled = time.GetTimestamp();

    /// <summary>False while more is asked than may be answered.</summary>
    public bool TryTake()
    {
        lock (_gate)
        {
            long now = time.GetTimestamp();
            _tokens = Math.Min(perSecond, _tokens + (time.GetElapsedTime(_filled, now).TotalSeconds * perSecond));
            _filled = now;
            if (_tokens < 1) return false;
            _tokens--;
            return true;
        }
    }
}
