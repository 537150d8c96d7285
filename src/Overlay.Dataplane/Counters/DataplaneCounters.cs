using Overlay.Dataplane.Packets;

namespace Overlay.Dataplane.Counters;

/// <summary>All workers' counters; sums are made when somebody asks.</summary>
public sealed class DataplaneCounters(IReadOnlyList<WorkerCounters> workers)
{
    public IReadOnlyList<WorkerCounters> Workers { get; } = workers;

    /// <summary>Packets passed on in that direction.</summary>
    public long ForwardedPackets(Direction direction) => Sum(direction, static worker => worker.ForwardedPackets);

    /// <summary>Bytes of inner IP packets passed on in that direction.</summary>
    public long ForwardedBytes(Direction direction) => Sum(direction, static worker => worker.ForwardedBytes);

    /// <summary>Packets dropped in that direction for that reason.</summary>
    public long Dropped(Direction direction, DropReason reason) => Sum(direction, worker => worker.Dropped(reason));

    private long Sum(Direction direction, Func<WorkerCounters, long> value)
    {
        long sum = 0;
        foreach (WorkerCounters worker in Workers)
        {
            if (worker.Direction == direction) sum += value(worker);
        }

        return sum;
    }
}
