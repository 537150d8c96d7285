using System.Collections.Frozen;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Probes;

/// <summary>The peers as the last rounds of probes have found them. Immutable.</summary>
internal sealed class MeshState
{
    private readonly FrozenDictionary<IpAddress, PeerHealth> _peers;

    private MeshState(int round, FrozenDictionary<IpAddress, PeerHealth> peers) => (Round, _peers) = (round, peers);

    /// <summary>Before the first round.</summary>
    public static MeshState Empty { get; } = new(0, FrozenDictionary<IpAddress, PeerHealth>.Empty);

    /// <summary>The number of rounds so far.</summary>
    public int Round { get; }

    /// <summary>Every peer that has been probed, and is still one, by family.</summary>
    public IReadOnlyCollection<PeerHealth> Peers => _peers.Values;

    /// <summary>The round that has probed that peer last; 0 where none has.</summary>
    public int RoundOf(PeerEnd peer) => Of(peer) is { } health ? health.Round : 0;

    /// <summary>Packets of that peer were lost in its last rounds, or its path is narrow.</summary>
    public bool IsSuspect(PeerEnd peer) =>
        Of(peer) is { } health && (health.Loss > 0 || health.Last.Mtu is { IsWhole: false });

    /// <summary>A peer's narrow path that was searched a moment ago, and need not be again; null for none.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="now">The time since the watch was made.</param>
    public PathMtu? KnownMtuOf(PeerEnd peer, TimeSpan now) => Of(peer)?.KnownMtu(now);

    /// <summary>The state behind one more round.</summary>
    /// <param name="pings">The round's results.</param>
    /// <param name="peers">All peers of now: others are forgotten.</param>
    /// <param name="now">The time of the round's end, since the watch was made.</param>
    public MeshState With(IEnumerable<PeerPing> pings, IEnumerable<PeerEnd> peers, TimeSpan now)
    {
        Dictionary<IpAddress, PeerPing> fresh = pings.ToDictionary(static ping => ping.Peer.Address);
        Dictionary<IpAddress, PeerHealth> next = [];
        foreach (PeerEnd peer in peers)
        {
            PeerHealth? former = Of(peer);
            if (fresh.TryGetValue(peer.Address, out PeerPing? ping))
                next[peer.Address] = PeerHealth.Of(former, ping, Round + 1, now);
            else if (former is not null)
                next[peer.Address] = former;
        }

        return new MeshState(Round + 1, next.ToFrozenDictionary());
    }

    // Another node may have got the pod CIDR: the former one's losses are not its own.
    private PeerHealth? Of(PeerEnd peer) =>
        _peers.GetValueOrDefault(peer.Address) is { } health && health.Last.Peer.Node == peer.Node ? health : null;
}
