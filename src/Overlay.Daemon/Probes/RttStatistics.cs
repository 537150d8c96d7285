namespace Overlay.Daemon.Probes;

/// <summary>Round-trip times of a peer. Immutable.</summary>
/// <param name="Min">The shortest.</param>
/// <param name="Median">Half of them are shorter or as short.</param>
/// <param name="P99">99 of a hundred are shorter or as short.</param>
internal sealed record RttStatistics(TimeSpan Min, TimeSpan Median, TimeSpan P99)
{
    /// <summary>Statistics by nearest rank, so that each value is one that was measured; null of none.</summary>
    public static RttStatistics? Of(IEnumerable<TimeSpan> times)
    {
        TimeSpan[] sorted = [.. times.Order()];
        return sorted.Length == 0 ? null : new RttStatistics(sorted[0], Rank(sorted, 50), Rank(sorted, 99));
    }

    private static TimeSpan Rank(TimeSpan[] sorted, int percent) =>
        sorted[Math.Max(0, (((sorted.Length * percent) + 99) / 100) - 1)];
}
