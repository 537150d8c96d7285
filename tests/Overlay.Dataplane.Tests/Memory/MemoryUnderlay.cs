using Overlay.Wire;

namespace Overlay.Dataplane.Tests;

/// <summary>A node's place in an underlay network without loss and without reordering.</summary>
/// <param name="addresses">The node's own; the first of a family is the source of what it sends in that family.</param>
internal sealed class MemoryUnderlay(params IReadOnlyList<IpAddress> addresses) : IUnderlay
{
    private const int Capacity = 256;
    private const int DatagramSize = 64 * 1024;

    private readonly MemoryQueue _received = new(Capacity, DatagramSize);
    private readonly byte[] _whole = new byte[DatagramSize];
    private readonly Dictionary<IpAddress, Link> _links = [];

    /// <summary>Makes the two reach each other, at every address of a family both have.</summary>
    public static void Join(MemoryUnderlay one, MemoryUnderlay other)
    {
        one.Add(other);
        other.Add(one);
    }

    public bool Receive(PacketBatch batch) => _received.Take(batch);

    public void Send(PacketBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            ref PacketSlot slot = ref batch[i];
            if (slot.Verdict != DropReason.None) continue;
            if (!_links.TryGetValue(slot.Remote!.Address, out Link link)) slot.Verdict = DropReason.UnderlayUnreachable;
            else if (!link.Peer._received.Put(Whole(batch, i), source: link.Source, ecn: slot.OuterEcn)) slot.Verdict = DropReason.FullRing;
        }
    }

    // A segment of a super-packet is in two pieces; whoever receives it finds it in one.
    private ReadOnlySpan<byte> Whole(PacketBatch batch, int index)
    {
        PacketSlot slot = batch[index];
        if (slot.PayloadLength == 0) return batch.Packet(index);
        batch.Packet(index).CopyTo(_whole);
        batch.Memory.AsSpan(slot.PayloadOffset, slot.PayloadLength).CopyTo(_whole.AsSpan(slot.Length));
        return _whole.AsSpan(0, slot.TotalLength);
    }

    public void Interrupt() => _received.Interrupt();

    private void Add(MemoryUnderlay peer)
    {
        foreach (IpAddress destination in peer.Addresses)
        {
            foreach (IpAddress source in Addresses.Where(address => address.Family == destination.Family).Take(1))
                _links.Add(destination, new Link(peer, source));
        }
    }

    private IReadOnlyList<IpAddress> Addresses => addresses;

    private readonly record struct Link(MemoryUnderlay Peer, IpAddress Source);
}
