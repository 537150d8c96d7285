using Overlay.Dataplane.Forwarding;

namespace Overlay.Dataplane.Counters;

/// <summary>
/// A batch's packets, added up by peer: workers share a peer's counters, which are so written once a peer and batch, and
/// not once a packet where peers alternate.
/// </summary>
/// <remarks>Used by one worker.</remarks>
/// <param name="direction">The direction of the packets.</param>
internal sealed class PeerRows(Direction direction)
{
    // A batch of more peers than that is written in parts.
    private const int Rows = 8;

    private readonly RemoteVtep?[] _peers = new RemoteVtep?[Rows];
    private readonly long[] _packets = new long[Rows];
    private readonly long[] _bytes = new long[Rows];
    private int _count;
    private int _last;

    /// <summary>Adds a packet of that peer.</summary>
    public void Add(RemoteVtep peer, int bytes)
    {
        // The peer of the packet before is the likeliest.
        if (_count == 0 || !ReferenceEquals(_peers[_last], peer)) _last = RowOf(peer);
        _packets[_last]++;
        _bytes[_last] += bytes;
    }

    /// <summary>Writes the rows to the peers' counters, and begins anew.</summary>
    public void Flush()
    {
        for (int i = 0; i < _count; i++)
        {
            VtepTraffic traffic = _peers[i]!.Traffic;
            if (direction == Direction.Egress) traffic.AddEgress(_packets[i], _bytes[i]);
            else traffic.AddIngress(_packets[i], _bytes[i]);

            // A peer that leaves the cluster is not held by its last row.
            (_peers[i], _packets[i], _bytes[i]) = (null, 0, 0);
        }

        (_count, _last) = (0, 0);
    }

    private int RowOf(RemoteVtep peer)
    {
        for (int i = 0; i < _count; i++)
        {
            if (ReferenceEquals(_peers[i], peer)) return i;
        }

        if (_count == Rows) Flush();
        _peers[_count] = peer;
        return _count++;
    }
}
