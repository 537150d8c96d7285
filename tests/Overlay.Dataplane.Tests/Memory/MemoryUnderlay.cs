using Overlay.Wire;

namespace Overlay.Dataplane.Tests;

/// <summary>A node's place in an underlay network without loss and without reordering.</summary>
/// <param name="addresses">The node's own; the first of a family is the source of what it sends in that family.</param>
internal sealed class MemoryUnderlay(params IReadOnlyList<IpAddress> addresses) : IUnderlay
{
    private const int Capacity = 256;
    private const int DatagramSize = (16 * 1024) + Encapsulator.Overhead;

    private readonly MemoryQueue _received = new(Capacity, DatagramSize);
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
            else if (!link.Peer._received.Put(batch.Packet(i), source: link.Source, ecn: slot.OuterEcn)) slot.Verdict = DropReason.FullRing;
        }
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
