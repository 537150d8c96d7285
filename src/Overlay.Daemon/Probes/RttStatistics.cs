namespace Overlay.Daemon.Probes;

/// <summary>Round-trip times of a peer. Immutable.</summary>
/// <remarks>By nearest rank: each value is one that was measured.</remarks>
/// <param name="Times">All of them, the shortest first; one at least.</param>
internal sealed record RttStatistics(IReadOnlyList<TimeSpan> Times)
{
    /// <summary>The shortest.</summary>
    public TimeSpan Min => Times[0];

    /// <summary>Half of them are shorter or as short.</summary>
    public TimeSpan Median => Rank(50);

    /// <summary>99 of a hundred are shorter or as short.</summary>
    public TimeSpan P99 => Rank(99);

    /// <summary>Statistics of those; null of none.</summary>
    public static RttStatistics? Of(IEnumerable<TimeSpan> times)
    {
        TimeSpan[] sorted = [.. times.Order()];
        return sorted.Length == 0 ? null : new RttStatistics(sorted);
    }

    private TimeSpan Rank(int percent) => Times[Math.Max(0, (((Times.Count * percent) + 99) / 100) - 1)];
}
