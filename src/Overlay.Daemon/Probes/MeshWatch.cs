using Overlay.Daemon.Problems;

namespace Overlay.Daemon.Probes;

/// <summary>
/// Probes the peers round after round: loss of the last minute, round trips, path MTU. Often and all of them while
/// somebody looks on; a few now and then otherwise, for the metrics.
/// </summary>
/// <remarks>Rounds keep their distance whoever comes and goes. Any thread may call.</remarks>
/// <param name="scene">This node as it is at a round's start.</param>
/// <param name="idle">The time between rounds that nobody looks at; zero for no such rounds.</param>
/// <param name="traffic">The bytes that each peer has had, by the name of its node.</param>
/// <param name="answered">Gets the round trips of each peer of a round.</param>
/// <param name="time">Clock of the rounds.</param>
/// <param name="guard">Notes faults that nobody expected; the next round follows all the same.</param>
internal sealed class MeshWatch(
    Func<PingScene> scene, TimeSpan idle, Func<IReadOnlyDictionary<string, long>> traffic, Action<PeerPing> answered,
    TimeProvider time, PartGuard guard) : IDisposable
{
    private const string Part = "the probes of the peers";
    private const int PeersAtOnce = 16;

    private static readonly TimeSpan _old = TimeSpan.FromMinutes(1);
    private static readonly PingPace _pace = new(1, TimeSpan.FromMilliseconds(100));

    private readonly PeerPinger _pinger = new(time);
    private readonly RoundChoice _choice = new();
    private readonly long _made = time.GetTimestamp();
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _gate = new();
    private int _viewers;
    private TaskCompletionSource _looked = new();
    private TimeSpan? _lastRound;
    private volatile MeshState _state = MeshState.Empty;

    /// <summary>The time from the start of a round to that of the next, at least, while somebody looks on.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>The peers as the last rounds have found them; none before the first.</summary>
    public MeshState State => _state;

    private TimeSpan Now => time.GetElapsedTime(_made);

    /// <summary>Begins, once: before, viewers wait.</summary>
    public void Start()
    {
        // Nodes that start together do not probe together.
        _lastRound = Now - (Random.Shared.NextDouble() * idle);
        _ = RunAsync(_ending.Token);
    }

    /// <summary>Has rounds follow each other at <see cref="Interval"/>.</summary>
    /// <returns>To be disposed of when the viewer leaves.</returns>
    public IDisposable Look()
    {
        lock (_gate)
        {
            if (_viewers++ == 0)
            {
                // Figures of long ago would be taken for those of now.
                if (idle == TimeSpan.Zero && Now - _lastRound > _old) _state = MeshState.Empty;
                _ = _looked.TrySetResult();
            }
        }

        return new Viewer(this);
    }

    /// <summary>Ends the probes, whoever looks on.</summary>
    public void Dispose() => _ending.Cancel();

    private void Leave()
    {
        lock (_gate) _viewers--;

        // Nothing is left that could fail soon.
        guard.Recover(Part);
    }

    private async Task RunAsync(CancellationToken ending)
    {
        await Task.Yield();
        while (!ending.IsCancellationRequested)
        {
            (TimeSpan rest, Task looked) = Rest();
            if (rest != TimeSpan.Zero)
            {
                await looked.WaitAsync(rest, time, ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                continue;
            }

            Task<MeshState> round = RoundAsync(_state, ending);
            await ((Task)round).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!ending.IsCancellationRequested) _ = guard.Try(Part, () => _state = round.GetAwaiter().GetResult());
        }
    }

    // The time to the next round, which begins where that is zero; infinite while nobody wants one. With the first
    // viewer who comes meanwhile, and for whom the rest is shorter.
    private (TimeSpan Wait, Task Looked) Rest()
    {
        lock (_gate)
        {
            _looked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            TimeSpan interval = _viewers > 0 ? Interval : idle;
            if (interval == TimeSpan.Zero) return (Timeout.InfiniteTimeSpan, _looked.Task);
            if (_lastRound + interval - Now is { } rest && rest > TimeSpan.Zero) return (rest, _looked.Task);
            _lastRound = Now;
            return (TimeSpan.Zero, _looked.Task);
        }
    }

    private async Task<MeshState> RoundAsync(MeshState state, CancellationToken cancellation)
    {
        IReadOnlyList<PeerEnd> peers = PingTarget.Find(scene(), PingTarget.Everybody).Peers;
        IReadOnlyList<PeerEnd> due = _choice.Of(
            state, peers, Volatile.Read(ref _viewers) > 0 ? null : traffic());
        PeerPing[] pings = new PeerPing[due.Count];
        ParallelOptions options = new() { MaxDegreeOfParallelism = PeersAtOnce, CancellationToken = cancellation };
        await Parallel.ForAsync(0, due.Count, options, async (i, cancel) =>
            pings[i] = await _pinger.PingAsync(due[i], _pace, cancel, state.KnownMtuOf(due[i], Now)));
        foreach (PeerPing ping in pings) answered(ping);
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
