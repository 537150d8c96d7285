namespace Overlay.Daemon.Probes;

/// <summary>A peer by one family, over the rounds of probes of a minute. Immutable.</summary>
/// <param name="Last">The last round's result.</param>
/// <param name="Round">That round's number.</param>
/// <param name="Counts">The packets of each round that is not older than a minute, the newest last.</param>
/// <param name="SearchedAt">The time of the last search for the path MTU, as all times here since the watch was made.</param>
internal sealed record PeerHealth(
    PeerPing Last, int Round, IReadOnlyList<(TimeSpan At, int Sent, int Received)> Counts, TimeSpan SearchedAt)
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
    public PathMtu? KnownMtu(TimeSpan now) =>
        Last.Mtu is { IsWhole: false } mtu && now - SearchedAt < _minute ? mtu : null;

    /// <param name="former">The rounds before; null for none.</param>
    /// <param name="ping">The result of the round.</param>
    /// <param name="round">Its number.</param>
    /// <param name="now">The time of its end.</param>
    public static PeerHealth Of(PeerHealth? former, PeerPing ping, int round, TimeSpan now)
    {
        // A round that has not searched gives back the path MTU that it was given.
        bool isSearched = former is null || ping.Mtu is null || !ReferenceEquals(former.Last.Mtu, ping.Mtu);
        return new PeerHealth(
            ping, round,
            [
                .. (former?.Counts ?? []).Where(count => now - count.At < _minute),
                (now, ping.Sent, ping.Received),
            ],
            isSearched ? now : former!.SearchedAt);
    }
}
