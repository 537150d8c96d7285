using Overlay.Wire.Values;

namespace Overlay.Dataplane.Linux.Udp;

/// <summary>
/// Peers to which the kernel does not cut messages: an IPsec policy stands before them, or a device without checksums.
/// </summary>
/// <remarks>
/// Each is left alone for a while and then tried again, as policies and devices come and go. Not thread-safe.
/// </remarks>
/// <param name="time">Clock of that while.</param>
internal sealed class SegmentRefusals(TimeProvider time)
{
    /// <summary>How long a peer gets each datagram by itself before the next try.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromMinutes(1);

    // Far more peers than refuse at once; beyond it all are tried again.
    private const int MostPeers = 4096;

    private readonly Dictionary<IpAddress, long> _refusedAt = new(64);

    public bool IsEmpty => _refusedAt.Count == 0;

    /// <summary>The peer has refused within <see cref="Rest"/>.</summary>
    public bool Contains(IpAddress peer)
    {
        if (!_refusedAt.TryGetValue(peer, out long since)) return false;
        if (time.GetElapsedTime(since) < Rest) return true;
        _ = _refusedAt.Remove(peer);
        return false;
    }

    public void Add(IpAddress peer)
    {
        if (_refusedAt.Count == MostPeers) _refusedAt.Clear();
        _refusedAt[peer] = time.GetTimestamp();
    }
}
