using Overlay.Daemon.Networks;
using Overlay.Dataplane.Forwarding;

namespace Overlay.Daemon.Metrics;

/// <summary>
/// Tunnel traffic by peer, whatever VTEPs a peer has or had. Series of metrics are bounded: peers with traffic of weight,
/// and one for all others.
/// </summary>
/// <remarks>Any thread may ask.</remarks>
internal sealed class PeerTraffic : IDisposable
{
    /// <summary>
    /// The peers that get a series of their own at most while the process lives: a series that came and went would fall,
    /// and the exporter keeps a place for each that it has ever had.
    /// </summary>
    public const int MostSeries = 100;

    /// <summary>The series of the others.</summary>
    public const string Others = "other";

    // So many get one with their first packet; later ones have to carry a hundredth of the node's traffic.
    private const int SeriesForAnybody = 20;
    private const int Share = 100;

    // A VTEP that has left the table counts no more: it is read often enough that little of it is missed.
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(5);

    private readonly TablePublisher _table;
    private readonly NetworkCounters _counters;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, PeerBytes> _series = new(StringComparer.Ordinal);
    private PeerBytes _others;

    // Two of each, which take turns: thousands of VTEPs are gone through each time, and leave no garbage behind.
    private Dictionary<RemoteVtep, PeerBytes> _read = new(ReferenceEqualityComparer.Instance);
    private Dictionary<RemoteVtep, PeerBytes> _nextRead = new(ReferenceEqualityComparer.Instance);
    private Dictionary<string, PeerBytes> _peers = new(StringComparer.Ordinal);
    private Dictionary<string, PeerBytes> _nextPeers = new(StringComparer.Ordinal);

    public PeerTraffic(TablePublisher table, NetworkCounters counters, TimeProvider time)
    {
        (_table, _counters) = (table, counters);
        _timer = time.CreateTimer(_ => Sample(), null, _interval, _interval);
    }

    /// <summary>Every peer of the table, since it came into it.</summary>
    public IReadOnlyDictionary<string, PeerBytes> Read()
    {
        lock (_gate)
        {
            Take();
            return new Dictionary<string, PeerBytes>(_peers, StringComparer.Ordinal);
        }
    }

    /// <summary>The bytes of every peer of the table, of both directions.</summary>
    public IReadOnlyDictionary<string, long> ReadBytes() =>
        Read().ToDictionary(static peer => peer.Key, static peer => peer.Value.Bytes, StringComparer.Ordinal);

    /// <summary>
    /// The series: peers by name, and <see cref="Others"/>. None falls or goes; a peer that gets one begins at zero there,
    /// for what it had before is among the others.
    /// </summary>
    public IReadOnlyList<(string Peer, PeerBytes Bytes)> Series()
    {
        lock (_gate)
        {
            Take();
            return [.. _series.Select(static series => (series.Key, series.Value)), (Others, _others)];
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Sample()
    {
        lock (_gate) Take();
    }

    private void Take()
    {
        _counters.Kernel.CollectTraffic();
        _nextRead.Clear();
        _nextPeers.Clear();
        long all = _others.Bytes;
        foreach (PeerBytes series in _series.Values) all += series.Bytes;
        foreach (RemoteVtep vtep in _table.Current.Fdb.Rows)
        {
            PeerBytes now = _nextRead[vtep] = PeerBytes.Of(vtep.Traffic);
            PeerBytes added = now - _read.GetValueOrDefault(vtep);
            if (!_nextPeers.TryGetValue(vtep.Node, out PeerBytes peer)) peer = _peers.GetValueOrDefault(vtep.Node);
            peer = _nextPeers[vtep.Node] = peer + added;
            Add(vtep.Node, peer, added, all);
        }

        (_read, _nextRead) = (_nextRead, _read);
        (_peers, _nextPeers) = (_nextPeers, _peers);
    }

    private void Add(string node, PeerBytes peer, PeerBytes added, long all)
    {
        if (_series.TryGetValue(node, out PeerBytes series)) _series[node] = series + added;
        else if (added.Bytes > 0 && node != Others && (_series.Count < SeriesForAnybody
            || (_series.Count < MostSeries && peer.Bytes > all / Share))) _series.Add(node, added);
        else _others += added;
    }
}
