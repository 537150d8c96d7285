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

    /// <summary>The traffic of the last seconds, and the drops of the last minute.</summary>
    public Traffic Read()
    {
        TrafficSample now = Now();
        TrafficSample[] taken = Taken();
        TrafficSample? before =
            taken.LastOrDefault(sample => _time.GetElapsedTime(sample.At, now.At) >= _leastSpan);
        return new Traffic(
            Rate(Direction.Egress), Rate(Direction.Ingress),
            [
                .. now.Drops.Zip(taken[0].Drops, static (a, b) => a with { Packets = a.Packets - b.Packets })
                    .Where(static drop => drop.Packets > 0),
            ]);

        TrafficRate Rate(Direction direction)
        {
            if (before is null) return default;
            double seconds = _time.GetElapsedTime(before.At, now.At).TotalSeconds;
            int at = (int)direction;
            return new((now.Packets[at] - before.Packets[at]) / seconds, (now.Bytes[at] - before.Bytes[at]) * 8 / seconds);
        }
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

    private TrafficSample Now() => TrafficSample.Of(_counters, _time.GetTimestamp());

    private TrafficSample[] Taken()
    {
        lock (_gate) return [.. _samples];
    }
}
