namespace Overlay.Daemon.Probes;

/// <summary>A peer by one family, over several rounds of probes. Immutable.</summary>
/// <param name="Last">The last round's result.</param>
/// <param name="Round">That round's number.</param>
/// <param name="Counts">Packets of the last rounds, the newest last.</param>
internal sealed record PeerHealth(PeerPing Last, int Round, IReadOnlyList<(int Sent, int Received)> Counts)
{
    // A minute, where each round has the peer.
    private const int Rounds = 12;

    /// <summary>The part of the packets that was lost, from 0 to 1.</summary>
    public double Loss
    {
        get
        {
            int sent = Counts.Sum(static count => count.Sent);
            return sent == 0 ? 1 : (double)(sent - Counts.Sum(static count => count.Received)) / sent;
        }
    }

    /// <param name="former">The rounds before; null for none.</param>
    /// <param name="ping">The result of the round.</param>
    /// <param name="round">Its number.</param>
    public static PeerHealth Of(PeerHealth? former, PeerPing ping, int round)
    {
        IEnumerable<(int, int)> counts = former is null ? [] : former.Counts.TakeLast(Rounds - 1);
        return new PeerHealth(ping, round, [.. counts, (ping.Sent, ping.Received)]);
    }
}
