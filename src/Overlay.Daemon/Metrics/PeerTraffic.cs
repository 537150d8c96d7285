using Overlay.Dataplane.Forwarding;

namespace Overlay.Daemon.Metrics;

/// <summary>
/// Tunnel traffic by peer, whatever VTEPs a peer has or had. Series of metrics are bounded: the peers with the most
/// traffic, and one for all others.
/// </summary>
/// <remarks>Any thread may ask.</remarks>
internal sealed class PeerTraffic : IDisposable
{
    /// <summary>The peers that have a series of their own at most.</summary>
    public const int MostSeries = 20;

    /// <summary>The series of the others.</summary>
    public const string Others = "other";

    // A VTEP that has left the table counts no more: it is read often enough that little of it is missed.
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(5);

    private readonly TablePublisher _table;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, PeerBytes> _series = new(StringComparer.Ordinal);
    private Dictionary<RemoteVtep, PeerBytes> _read = new(ReferenceEqualityComparer.Instance);
    private Dictionary<string, PeerBytes> _peers = new(StringComparer.Ordinal);
    private PeerBytes _others;

    public PeerTraffic(TablePublisher table, TimeProvider time)
    {
        _table = table;
        _timer = time.CreateTimer(_ => Read(), null, _interval, _interval);
    }

    /// <summary>Every peer of the table, since it came into it.</summary>
    public IReadOnlyDictionary<string, PeerBytes> Read()
    {
        lock (_gate) return Take();
    }

    /// <summary>
    /// The series: peers by name, and <see cref="Others"/>. None falls; a peer that gets one begins at zero there, for
    /// what it had before is among the others.
    /// </summary>
    public IReadOnlyList<(string Peer, PeerBytes Bytes)> Series()
    {
        lock (_gate)
        {
            _ = Take();
            return [.. _series.Select(static series => (series.Key, series.Value)), (Others, _others)];
        }
    }

    public void Dispose() => _timer.Dispose();

    private Dictionary<string, PeerBytes> Take()
    {
        Dictionary<RemoteVtep, PeerBytes> read = new(ReferenceEqualityComparer.Instance);
        Dictionary<string, PeerBytes> peers = new(StringComparer.Ordinal);
        Dictionary<string, PeerBytes> added = new(StringComparer.Ordinal);
        foreach (RemoteVtep vtep in _table.Current.Fdb.Rows)
        {
            PeerBytes now = read[vtep] = PeerBytes.Of(vtep.Traffic);
            added[vtep.Node] = added.GetValueOrDefault(vtep.Node) + (now - _read.GetValueOrDefault(vtep));
        }

        foreach ((string peer, PeerBytes bytes) in added) peers[peer] = _peers.GetValueOrDefault(peer) + bytes;
        (_read, _peers) = (read, peers);
        foreach (string gone in _series.Keys.Where(peer => !peers.ContainsKey(peer)).ToArray()) _ = _series.Remove(gone);
        Choose();
        foreach ((string peer, PeerBytes bytes) in added)
        {
            if (_series.TryGetValue(peer, out PeerBytes series)) _series[peer] = series + bytes;
            else _others += bytes;
        }

        return peers;
    }

    // A series that comes and goes is of no use: a peer loses its own only to one with twice its traffic.
    private void Choose()
    {
        foreach ((string peer, PeerBytes bytes) in _peers
            .Where(peer => peer.Value.Bytes > 0 && !_series.ContainsKey(peer.Key))
            .OrderByDescending(static peer => peer.Value.Bytes).Take(MostSeries).ToArray())
        {
            if (_series.Count == MostSeries)
            {
                string least = _series.Keys.MinBy(name => _peers[name].Bytes)!;
                if (bytes.Bytes < 2 * _peers[least].Bytes) return;
                _ = _series.Remove(least);
            }

            _series.Add(peer, default);
        }
    }
}
