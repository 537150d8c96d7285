using Overlay.Daemon.Problems;

namespace Overlay.Daemon.Probes;

/// <summary>
/// Probes the peers round after round while somebody looks on: loss of the last minute, round trips, path MTU.
/// </summary>
/// <remarks>Without a viewer nothing is sent. Any thread may call.</remarks>
/// <param name="scene">This node as it is at a round's start.</param>
/// <param name="time">Clock of the rounds.</param>
/// <param name="guard">Notes faults that nobody expected; the next round follows all the same.</param>
internal sealed class MeshWatch(Func<PingScene> scene, TimeProvider time, PartGuard guard) : IDisposable
{
    private const string Part = "the status page's probes";

    // With 17 packets a peer these are at most some 220 packets a second; peers beyond them wait for the next rounds.
    private const int PeersOfARound = 64;
    private const int PeersAtOnce = 16;

    private static readonly PingPace _pace = new(1, TimeSpan.FromMilliseconds(100));

    private readonly PeerPinger _pinger = new(time);
    private readonly Lock _gate = new();
    private int _viewers;
    private CancellationTokenSource? _ending;
    private volatile MeshState _state = MeshState.Empty;

    /// <summary>The time from the start of a round to that of the next.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>The peers as the last round has found them; none before the first.</summary>
    public MeshState State => _state;

    /// <summary>Begins to probe with the first viewer.</summary>
    /// <returns>To be disposed of when the viewer leaves; the last one's ends the probes.</returns>
    public IDisposable Look()
    {
        lock (_gate)
        {
            if (_viewers++ == 0)
            {
                _state = MeshState.Empty;
                _ending = new CancellationTokenSource();
                _ = RunAsync(_ending);
            }
        }

        return new Viewer(this);
    }

    /// <summary>Ends the probes, whoever looks on.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_viewers > 0) _ending!.Cancel();
        }
    }

    private void Leave()
    {
        lock (_gate)
        {
            if (--_viewers == 0) _ending!.Cancel();
        }
    }

    // It ends by itself soon behind its last viewer; a viewer that comes before that begins another one.
    private async Task RunAsync(CancellationTokenSource ending)
    {
        using (ending)
        {
            MeshState state = MeshState.Empty;
            while (true)
            {
                long since = time.GetTimestamp();
                Task<MeshState> round = RoundAsync(state, ending.Token);
                await ((Task)round).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (ending.IsCancellationRequested) return;
                if (guard.Try(Part, () => state = round.GetAwaiter().GetResult())) Publish(state, ending);
                TimeSpan rest = Interval - time.GetElapsedTime(since);
                if (rest <= TimeSpan.Zero) continue;
                await Task.Delay(rest, time, ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (ending.IsCancellationRequested) return;
            }
        }
    }

    private async Task<MeshState> RoundAsync(MeshState state, CancellationToken cancellation)
    {
        // Off the viewer's thread, which starts the first round.
        await Task.Yield();
        IReadOnlyList<PeerEnd> peers = PingTarget.Find(scene(), PingTarget.Everybody).Peers;
        PeerEnd[] due = [.. peers.OrderBy(state.RoundOf).Take(PeersOfARound)];
        PeerPing[] pings = new PeerPing[due.Length];
        ParallelOptions options = new() { MaxDegreeOfParallelism = PeersAtOnce, CancellationToken = cancellation };
        await Parallel.ForAsync(0, due.Length, options, async (i, cancel) =>
            pings[i] = await _pinger.PingAsync(due[i], _pace, cancel));
        return state.With(pings, peers);
    }

    // A run that has been ended meanwhile must not overwrite its successor's.
    private void Publish(MeshState state, CancellationTokenSource run)
    {
        lock (_gate)
        {
            if (ReferenceEquals(run, _ending)) _state = state;
        }
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
