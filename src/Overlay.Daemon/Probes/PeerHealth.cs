namespace Overlay.Daemon.Probes;

/// <summary>A peer by one family, over the rounds of probes of a minute. Immutable.</summary>
/// <param name="Last">The last round's result.</param>
/// <param name="Round">That round's number.</param>
/// <param name="Counts">The packets of each round that is not older than a minute, the newest last.</param>
/// <param name="SearchedAt">The clock at the last search for the path MTU.</param>
internal sealed record PeerHealth(
    PeerPing Last, int Round, IReadOnlyList<(long At, int Sent, int Received)> Counts, long SearchedAt)
{
    private static readonly TimeSpan _minute = TimeSpan.FromMinutes(1);

    /// <summary>The part of the packets that was lost, from 0 to 1.</summary>
    public double Loss
    {
        get
        {
            int sent = Counts.Sum(static count => count.Sent);
            return sent == 0 ? 1 : (double)(sent - Counts.Sum(static count => count.Received)) / sent;
        }
    }

    /// <summary>
    /// The path MTU where it is less than the device's and was searched within a minute: a search takes some hundred
    /// packets, and one is enough to see that the path is whole again.
    /// </summary>
    public PathMtu? KnownMtu(long now, TimeProvider time) =>
        Last.Mtu is { IsWhole: false } mtu && time.GetElapsedTime(SearchedAt, now) < _minute ? mtu : null;

    /// <param name="former">The rounds before; null for none.</param>
    /// <param name="ping">The result of the round.</param>
    /// <param name="round">Its number.</param>
    /// <param name="now">The clock at its end.</param>
    /// <param name="time">The clock's meaning.</param>
    public static PeerHealth Of(PeerHealth? former, PeerPing ping, int round, long now, TimeProvider time)
    {
        bool isKnown = former?.KnownMtu(now, time) is { } known && ReferenceEquals(known, ping.Mtu);
        return new PeerHealth(
            ping, round,
            [
                .. (former?.Counts ?? []).Where(count => time.GetElapsedTime(count.At, now) < _minute),
                (now, ping.Sent, ping.Received),
            ],
            isKnown ? former!.SearchedAt : now);
    }
}
