using Overlay.Dataplane.Forwarding;

namespace Overlay.Dataplane.Counters;

/// <summary>
/// A batch's packets, added up by peer: workers share a peer's counters, which are so written once a peer and batch, and
/// not once a packet where peers alternate.
/// </summary>
/// <remarks>Used by one worker. Padded by a cache line at both ends, as the worker's other counters.</remarks>
/// <param name="direction">The direction of the packets.</param>
internal sealed class PeerRows(Direction direction)
{
    // A batch of more peers than that is written in parts.
    private const int Most = 8;

    // Three rows have 72 bytes.
    private const int Padding = 3;

    private readonly Row[] _rows = new Row[Padding + Most + Padding];
    private int _end = Padding;
    private int _last = Padding;

    /// <summary>Adds a packet of that peer.</summary>
    public void Add(RemoteVtep peer, int bytes)
    {
        // The peer of the packet before is the likeliest.
        if (!ReferenceEquals(_rows[_last].Peer, peer)) _last = RowOf(peer);
        ref Row row = ref _rows[_last];
        row.Packets++;
        row.Bytes += bytes;
    }

    /// <summary>Writes the rows to the peers' counters, and begins anew.</summary>
    public void Flush()
    {
        for (int i = Padding; i < _end; i++)
        {
            ref Row row = ref _rows[i];
            VtepTraffic traffic = row.Peer!.Traffic;
            if (direction == Direction.Egress) traffic.AddEgress(row.Packets, row.Bytes);
            else traffic.AddIngress(row.Packets, row.Bytes);

            // A peer that leaves the cluster is not held by its last row.
            row = default;
        }

        _end = _last = Padding;
    }

    private int RowOf(RemoteVtep peer)
    {
        for (int i = Padding; i < _end; i++)
        {
            if (ReferenceEquals(_rows[i].Peer, peer)) return i;
        }

        if (_end == Padding + Most) Flush();
        _rows[_end].Peer = peer;
        return _end++;
    }

    private struct Row
    {
        public RemoteVtep? Peer;
        public long Packets;
        public long Bytes;
    }
}
