using Overlay.Dataplane.Packets;

namespace Overlay.Dataplane.Counters;

/// <summary>All paths' counters; sums are made when somebody asks.</summary>
public sealed class DataplaneCounters(IReadOnlyList<PathCounters> paths)
{
    public IReadOnlyList<PathCounters> Paths { get; } = paths;

    /// <summary>Packets passed on in that direction.</summary>
    public long ForwardedPackets(Direction direction) => Sum(direction, static path => path.ForwardedPackets);

    /// <summary>Bytes of inner IP packets passed on in that direction.</summary>
    public long ForwardedBytes(Direction direction) => Sum(direction, static path => path.ForwardedBytes);

    /// <summary>Packets dropped in that direction for that reason.</summary>
    public long Dropped(Direction direction, DropReason reason) => Sum(direction, path => path.Dropped(reason));

    private long Sum(Direction direction, Func<PathCounters, long> value)
    {
        long sum = 0;
        foreach (PathCounters path in Paths)
        {
            if (path.Direction == direction) sum += value(path);
        }

        return sum;
    }
}
