namespace Overlay.Daemon.Underlay;

/// <summary>
/// The pause between looks at a host that changes all the time: looks take a small part of a processor, however much
/// there is to look at.
/// </summary>
/// <remarks>
/// The shortest of the last three looks counts, for one that is slow by chance says little, and the first compiles its
/// own code. Not thread-safe.
/// </remarks>
/// <param name="least">The pause where a look takes hardly any time.</param>
/// <param name="most">
/// The longest pause: an operator who mends a fault sees it gone by then. Null where a look may cost anything.
/// </param>
internal sealed class LookPace(TimeSpan least, TimeSpan? most = null)
{
    // A look of 10 ms is followed by 500 ms without one: at most 2 % of a processor.
    private const int Share = 50;

    private readonly TimeSpan[] _last = new TimeSpan[3];
    private int _next;

    /// <summary>The pause that is due now.</summary>
    public TimeSpan Pause
    {
        get
        {
            TimeSpan pause = _last.Min() * Share;
            return pause < least ? least : pause > most ? most.Value : pause;
        }
    }

    /// <summary>Notes how long a look took: its thread's processor time, or all of it where children work.</summary>
    public void Add(TimeSpan look)
    {
        _last[_next] = look;
        _next = (_next + 1) % _last.Length;
    }
}
