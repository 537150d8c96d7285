namespace Overlay.ControlPlane.Sources;

/// <summary>
/// The pace at which this node repairs an entry of its own that somebody else changes: at once first, then ever more
/// rarely. Not thread-safe.
/// </summary>
/// <remarks>
/// Two writers that overwrite each other without end would make every node of the cluster work for it.
/// </remarks>
/// <param name="first">The pause after the first repair; doubled with every further one.</param>
/// <param name="longest">The longest pause.</param>
/// <param name="memory">
/// How long the entry must stay as written until the next repair counts as the first again.
/// </param>
/// <param name="time">Clock of the pauses.</param>
internal sealed class RepairPace(TimeSpan first, TimeSpan longest, TimeSpan memory, TimeProvider time)
{
    private int _repairs;
    private long _repairedAt;

    /// <summary>Somebody changes it again and again.</summary>
    public bool IsContested => _repairs > 1 && !IsForgotten;

    /// <summary>The pause that follows the last repair; zero where there was none of late.</summary>
    public TimeSpan Pause
    {
        get
        {
            if (_repairs == 0 || IsForgotten) return TimeSpan.Zero;
            double factor = Math.Pow(2, Math.Min(_repairs - 1, 30));
            return first * factor < longest ? first * factor : longest;
        }
    }

    /// <summary>How long until it is next to be written.</summary>
    public TimeSpan Wait
    {
        get
        {
            TimeSpan left = Pause - time.GetElapsedTime(_repairedAt);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>How long until the repairs are forgotten; zero where they are.</summary>
    public TimeSpan UntilForgotten => _repairs == 0 || IsForgotten
        ? TimeSpan.Zero
        : memory - time.GetElapsedTime(_repairedAt);

    private bool IsForgotten => time.GetElapsedTime(_repairedAt) > memory;

    public void Repaired()
    {
        _repairs = IsForgotten ? 1 : _repairs + 1;
        _repairedAt = time.GetTimestamp();
    }
}
