using Overlay.Daemon.Problems;

namespace Overlay.Daemon.Probes;

/// <summary>
/// Probes the peers round after round while somebody looks on: loss of the last minute, round trips, path MTU.
/// </summary>
/// <remarks>
/// Without a viewer nothing is sent. Rounds keep their distance whoever comes and goes. Any thread may call.
/// </remarks>
/// <param name="scene">This node as it is at a round's start.</param>
/// <param name="time">Clock of the rounds.</param>
/// <param name="guard">Notes faults that nobody expected; the next round follows all the same.</param>
internal sealed class MeshWatch(Func<PingScene> scene, TimeProvider time, PartGuard guard) : IDisposable
{
    private const string Part = "the status page's probes";

    // With 17 packets a peer these are some 220 packets a second; peers beyond them wait for the next rounds.
    private const int PeersOfARound = 64;
    private const int PeersAtOnce = 16;

    private static readonly TimeSpan _old = TimeSpan.FromMinutes(1);
    private static readonly PingPace _pace = new(1, TimeSpan.FromMilliseconds(100));

    private readonly PeerPinger _pinger = new(time);
    private readonly long _made = time.GetTimestamp();
    private readonly Lock _gate = new();
    private int _viewers;
    private bool _isOver;
    private CancellationTokenSource? _ending;
    private Task _running = Task.CompletedTask;
    private TimeSpan? _lastRound;
    private volatile MeshState _state = MeshState.Empty;

    /// <summary>The time from the start of a round to that of the next, at least.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>The peers as the last rounds have found them; none before the first.</summary>
    public MeshState State => _state;

    private TimeSpan Now => time.GetElapsedTime(_made);

    /// <summary>Begins to probe with the first viewer.</summary>
    /// <returns>To be disposed of when the viewer leaves; the last one's ends the probes.</returns>
    public IDisposable Look()
    {
        lock (_gate)
        {
            if (_viewers++ == 0 && !_isOver)
            {
                // Figures of long ago would be taken for those of now.
                if (Now - _lastRound > _old) _state = MeshState.Empty;
                CancellationTokenSource ending = _ending = new CancellationTokenSource();
                _running = RunAsync(_running, ending.Token);
            }
        }

        return new Viewer(this);
    }

    /// <summary>Ends the probes, whoever looks on.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isOver = true;
            End();
        }
    }

    private void Leave()
    {
        lock (_gate)
        {
            if (--_viewers > 0) return;
            End();
        }

        // Nothing is left that could fail.
        guard.Recover(Part);
    }

    private void End()
    {
        _ending?.Cancel();
        _ending?.Dispose();
        _ending = null;
    }

    private async Task RunAsync(Task former, CancellationToken ending)
    {
        // Off the viewer's thread, and never beside the run before, which ends by itself.
        await Task.Yield();
        await former;
        while (true)
        {
            TimeSpan rest = Rest();
            if (rest > TimeSpan.Zero)
                await Task.Delay(rest, time, ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (ending.IsCancellationRequested) return;
            lock (_gate) _lastRound = Now;
            Task<MeshState> round = RoundAsync(_state, ending);
            await ((Task)round).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (ending.IsCancellationRequested) return;
            _ = guard.Try(Part, () => _state = round.GetAwaiter().GetResult());
        }
    }

    private TimeSpan Rest()
    {
        lock (_gate) return _lastRound + Interval - Now ?? TimeSpan.Zero;
    }

    private async Task<MeshState> RoundAsync(MeshState state, CancellationToken cancellation)
    {
        IReadOnlyList<PeerEnd> peers = PingTarget.Find(scene(), PingTarget.Everybody).Peers;
        PeerEnd[] due = [.. peers.OrderBy(state.RoundOf).Take(PeersOfARound)];
        PeerPing[] pings = new PeerPing[due.Length];
        ParallelOptions options = new() { MaxDegreeOfParallelism = PeersAtOnce, CancellationToken = cancellation };
        await Parallel.ForAsync(0, due.Length, options, async (i, cancel) =>
            pings[i] = await _pinger.PingAsync(due[i], _pace, cancel, state.KnownMtuOf(due[i], Now)));
        return state.With(pings, peers, Now);
    }

    private sealed class Viewer(MeshWatch watch) : IDisposable
    {
        private int _hasLeft;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _hasLeft, 1) == 0) watch.Leave();
        }
    }
}
