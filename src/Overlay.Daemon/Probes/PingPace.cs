namespace Overlay.Daemon.Probes;

/// <summary>The number of probes on each flow, and their pace. Immutable.</summary>
/// <param name="Count">Probes on each flow.</param>
/// <param name="Interval">The time from a probe of a flow to its next; the flows' probes are spread evenly over it.</param>
internal sealed record PingPace(int Count, TimeSpan Interval)
{
    private const int MostRounds = 1000;
    private const int DefaultRounds = 10;

    // Many peers at once have few probes each, so that a cluster is gone through in seconds.
    private const int DefaultRoundsOfAll = 2;

    private static readonly TimeSpan _shortestInterval = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan _longestInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _defaultInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(60);

    /// <summary>The pace of a question, with defaults for what is null.</summary>
    /// <exception cref="PingException">A value is out of its range.</exception>
    public static PingPace Of(int? count, int? intervalMilliseconds, bool isEverybody)
    {
        int rounds = count ?? (isEverybody ? DefaultRoundsOfAll : DefaultRounds);
        TimeSpan interval = intervalMilliseconds is { } milliseconds
            ? TimeSpan.FromMilliseconds(milliseconds)
            : _defaultInterval;
        if (rounds is < 1 or > MostRounds)
            throw new PingException(PingFault.BadQuestion, $"count {rounds} is not from 1 to {MostRounds}");
        if (interval < _shortestInterval || interval > _longestInterval)
            throw new PingException(
                PingFault.BadQuestion,
                $"interval {interval.TotalMilliseconds} ms is not from {_shortestInterval.TotalMilliseconds} to "
                + $"{_longestInterval.TotalMilliseconds} ms");
        if (rounds * interval > _longest)
            throw new PingException(
                PingFault.BadQuestion,
                $"{rounds} probes every {interval.TotalMilliseconds} ms take longer than {_longest.TotalSeconds} s");
        return new PingPace(rounds, interval);
    }
}
