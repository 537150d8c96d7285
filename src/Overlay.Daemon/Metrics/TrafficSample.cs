using Overlay.Daemon.Networks;
using Overlay.Dataplane.Counters;

namespace Overlay.Daemon.Metrics;

/// <summary>The counters of all workers at one moment.</summary>
/// <param name="At">By <see cref="TimeProvider.GetTimestamp"/>.</param>
/// <param name="Packets">Packets passed on, by direction.</param>
/// <param name="Bytes">Bytes of inner packets passed on, by direction.</param>
/// <param name="Drops">Packets dropped, all reasons.</param>
internal sealed record TrafficSample(
    long At, IReadOnlyList<long> Packets, IReadOnlyList<long> Bytes, IReadOnlyList<DropCount> Drops)
{
    private static readonly Direction[] _directions = Enum.GetValues<Direction>();

    public static TrafficSample Of(NetworkCounters counters, long at) => new(
        at, [.. _directions.Select(counters.ForwardedPackets)], [.. _directions.Select(counters.ForwardedBytes)],
        DropCount.All(counters));
}
