namespace Overlay.ControlPlane.Sources.Etcd.Own;

/// <summary>
/// Writes of another daemon to this node's key: of one that was started by mistake and has ended, or that runs beside
/// this one. Not thread-safe.
/// </summary>
/// <remarks>
/// The key is written again once the other has left it alone, ever more rarely where it does not stay so.
/// </remarks>
internal sealed class KeyContest(TimeSpan quietTime, TimeProvider time)
{
    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan _memory = TimeSpan.FromMinutes(15);

    private readonly RepairPace _pace = new(2 * quietTime, _longest, _memory, time);
    private long? _revision;
    private long _writtenAt;

    /// <summary>The other has written over this node's repairs.</summary>
    public bool IsRepeated => _pace.IsContested;

    /// <summary>How long the other must leave the key alone.</summary>
    public TimeSpan Quiet => _pace.Pause > quietTime ? _pace.Pause : quietTime;

    /// <summary>
    /// How long until the key is to be looked at for this; infinite where there is nothing to wait for.
    /// </summary>
    public TimeSpan UntilDue => _revision is not null ? UntilQuiet
        : _pace.IsContested ? _pace.UntilForgotten
        : Timeout.InfiniteTimeSpan;

    private TimeSpan UntilQuiet
    {
        get
        {
            TimeSpan left = Quiet - time.GetElapsedTime(_writtenAt);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>The key is the other's at this revision.</summary>
    /// <returns>True where the other has left it alone for long enough.</returns>
    public bool IsQuiet(long revision)
    {
        if (_revision != revision) (_revision, _writtenAt) = (revision, time.GetTimestamp());
        return UntilQuiet == TimeSpan.Zero;
    }

    /// <summary>The key is this node's.</summary>
    public void End() => _revision = null;

    /// <summary>Notes that this node has written over the other's value.</summary>
    public void Repaired() => _pace.Repaired();
}
