using Overlay.Daemon.Networks;
using Overlay.Dataplane.Counters;

namespace Overlay.Daemon.Metrics;

/// <summary>Samples of the counters, of the last minute: what flows now, and what was dropped lately.</summary>
/// <remarks>Any thread may read.</remarks>
internal sealed class TrafficHistory : IDisposable
{
    private const int Samples = 13;

    /// <summary>The time between two samples.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    // A rate of less time jumps with each batch.
    private static readonly TimeSpan _leastSpan = TimeSpan.FromSeconds(1);

    private readonly NetworkCounters _counters;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private readonly Queue<TrafficSample> _samples = [];

    public TrafficHistory(NetworkCounters counters, TimeProvider time)
    {
        (_counters, _time) = (counters, time);
        Sample();
        _timer = time.CreateTimer(_ => Sample(), null, Interval, Interval);
    }

    /// <summary>Packets and bits a second in that direction, of the last seconds; zero in the first one.</summary>
    public (double Packets, double Bits) Rate(Direction direction)
    {
        TrafficSample now = Now();
        TrafficSample? before = Taken()
            .LastOrDefault(sample => _time.GetElapsedTime(sample.At, now.At) >= _leastSpan);
        if (before is null) return default;
        double seconds = _time.GetElapsedTime(before.At, now.At).TotalSeconds;
        int at = (int)direction;
        return ((now.Packets[at] - before.Packets[at]) / seconds, (now.Bytes[at] - before.Bytes[at]) * 8 / seconds);
    }

    /// <summary>Packets dropped in the last minute, in the order of <see cref="DropReasons.All"/>.</summary>
    public IReadOnlyList<long> RecentDrops()
    {
        TrafficSample now = Now();
        return Taken() is [{ } oldest, ..] ? [.. now.Drops.Zip(oldest.Drops, static (a, b) => a - b)] : now.Drops;
    }

    /// <summary>Takes a sample, as is done at each <see cref="Interval"/>.</summary>
    internal void Sample()
    {
        TrafficSample sample = Now();
        lock (_gate)
        {
            _samples.Enqueue(sample);
            if (_samples.Count > Samples) _ = _samples.Dequeue();
        }
    }

    public void Dispose() => _timer.Dispose();

    private TrafficSample Now() => TrafficSample.Of(_counters.All, _time.GetTimestamp());

    private TrafficSample[] Taken()
    {
        lock (_gate) return [.. _samples];
    }
}
