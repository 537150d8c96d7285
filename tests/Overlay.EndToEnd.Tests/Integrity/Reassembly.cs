using Overlay.Wire.Headers;

namespace Overlay.EndToEnd.Tests.Integrity;

/// <summary>
/// When a receiver has all fragments of a datagram, as Linux puts them together: a fragment that it has already is
/// dropped, and one that comes behind the last of all begins the datagram anew (net/ipv4/inet_fragment.c).
/// </summary>
internal sealed class Reassembly
{
    private readonly Dictionary<FragmentKey, Parts> _open = [];

    /// <summary>Adds a fragment; true where the datagram is complete by it.</summary>
    /// <param name="packet">An IP packet with one fragment.</param>
    /// <param name="isDamaged">On the way here; of a whole datagram, whether any of its fragments is.</param>
    /// <param name="id">The datagram, valid where true is returned.</param>
    public bool TryComplete(ReadOnlySpan<byte> packet, ref bool isDamaged, out PacketId id)
    {
        id = default;
        if (!FragmentKey.TryRead(packet, out FragmentKey key, out int offset, out bool hasMore,
            out ReadOnlySpan<byte> payload))
            return false;
        if (!_open.TryGetValue(key, out Parts? parts)) _open.Add(key, parts = new Parts());
        if (!parts.Offsets.Add(offset)) return false;
        parts.Bytes += payload.Length;
        parts.IsDamaged |= isDamaged;
        if (!hasMore) parts.Length = offset + payload.Length;
        if (offset == 0 && payload.Length > UdpHeader.HeaderLength
            && NumberedPayload.TryRead(payload[UdpHeader.HeaderLength..], out NumberedPayload numbered))
            parts.Id = PacketId.OfUdp(numbered);
        if (parts.Bytes != parts.Length) return false;
        _ = _open.Remove(key);
        isDamaged = parts.IsDamaged;
        id = parts.Id ?? default;
        return parts.Id is not null;
    }

    private sealed class Parts
    {
        public HashSet<int> Offsets { get; } = [];

        public int Bytes { get; set; }

        /// <summary>Of the whole; unknown until its last fragment is there.</summary>
        public int Length { get; set; } = -1;

        public PacketId? Id { get; set; }

        public bool IsDamaged { get; set; }
    }
}
