namespace Overlay.Daemon.Probes;

/// <summary>Chooses the peers of a round of probes, so that a round stays small however many peers there are.</summary>
/// <remarks>One thread at a time.</remarks>
internal sealed class RoundChoice
{
    // With 17 packets a peer these are some 220 packets a second; peers beyond them wait for the next rounds.
    private const int WithViewer = 64;

    // Without one they are some five a second with a round a minute: nobody waits for the answer.
    private const int Suspects = 4;
    private const int Busy = 6;
    private const int BusyOf = 48;
    private const int Idle = 16;

    private IReadOnlyDictionary<string, long> _before = new Dictionary<string, long>();

    /// <summary>The peers that are due.</summary>
    /// <param name="state">The rounds so far.</param>
    /// <param name="peers">All peers.</param>
    /// <param name="traffic">
    /// The bytes that each peer has had, by the name of its node: of a round that nobody looks at some go to peers that
    /// were ill, and some to those with most traffic since the round before. Null while somebody looks on.
    /// </param>
    public IReadOnlyList<PeerEnd> Of(
        MeshState state, IReadOnlyList<PeerEnd> peers, IReadOnlyDictionary<string, long>? traffic)
    {
        if (traffic is null) return [.. peers.OrderBy(state.RoundOf).Take(WithViewer)];

        // Peers that wait for equally long are taken by chance: nodes would else all probe the same ones.
        PeerEnd[] shuffled = [.. peers];
        Random.Shared.Shuffle(shuffled);
        HashSet<PeerEnd> due = [.. shuffled.Where(state.IsSuspect).OrderBy(state.RoundOf).Take(Suspects)];

        // By chance among many: the busiest peer of all nodes is the same one, and answers so many a second and no more.
        PeerEnd[] busy = [.. shuffled.Where(peer => Added(peer) > 0).OrderByDescending(Added).Take(BusyOf)];
        Random.Shared.Shuffle(busy);
        due.UnionWith(busy.Take(Busy));
        foreach (PeerEnd peer in shuffled.OrderBy(state.RoundOf))
        {
            if (due.Count >= Idle) break;
            _ = due.Add(peer);
        }

        _before = traffic;
        return [.. due];

        long Added(PeerEnd peer) => traffic.GetValueOrDefault(peer.Node) - _before.GetValueOrDefault(peer.Node);
    }
}
