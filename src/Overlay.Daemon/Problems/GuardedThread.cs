namespace Overlay.Daemon.Problems;

/// <summary>
/// A thread that runs one round after the other; a fault in one is noted by the guard and followed by the next round.
/// </summary>
internal sealed class GuardedThread : IDisposable
{
    private static readonly TimeSpan _firstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(30);

    private readonly ManualResetEventSlim _ending = new();
    private readonly Thread _thread;
    private readonly PartGuard _guard;
    private readonly string _part;
    private readonly Func<bool> _round;

    /// <param name="name">The thread's.</param>
    /// <param name="part">The part's name, as <see cref="PartGuard"/> has it.</param>
    /// <param name="guard">Notes faults.</param>
    /// <param name="round">Waits for work and does it; false when it was the last one.</param>
    public GuardedThread(string name, string part, PartGuard guard, Func<bool> round)
    {
        (_part, _guard, _round) = (part, guard, round);
        _thread = new Thread(Run) { Name = name, IsBackground = true };
    }

    public void Start() => _thread.Start();

    /// <summary>
    /// Waits for the end of the round that is under way, which the caller has interrupted. May be called again, and
    /// without a start.
    /// </summary>
    public void End()
    {
        _ending.Set();
        if (!_thread.ThreadState.HasFlag(ThreadState.Unstarted)) _thread.Join();
    }

    /// <summary>Ends the thread.</summary>
    public void Dispose()
    {
        End();
        _ending.Dispose();
    }

    private void Run()
    {
        TimeSpan pause = TimeSpan.Zero;
        bool goesOn = true;
        while (goesOn && !_ending.IsSet)
        {
            if (_guard.Try(_part, () => goesOn = _round()))
            {
                pause = TimeSpan.Zero;
                continue;
            }

            // A fault that comes each time must not keep a processor busy.
            pause = pause == TimeSpan.Zero ? _firstPause : pause * 2 < _longestPause ? pause * 2 : _longestPause;
            _ = _ending.Wait(pause);
        }
    }
}
