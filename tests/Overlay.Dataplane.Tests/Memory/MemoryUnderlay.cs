using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Ports;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Tests;

/// <summary>A node's place in an underlay network without loss and without reordering.</summary>
internal sealed class MemoryUnderlay : IUnderlay
{
    // As much as tests have under way: a worker that waited for room at its peer could not make room for it.
    private const int Capacity = 64 * 1024;
    private const int CapacityBytes = 64 * 1024 * 1024;
    private const int DatagramSize = 64 * 1024;
    private const int MaxSegments = 64;

    private readonly MemoryQueue _received;
    private readonly byte[] _train = new byte[DatagramSize];
    private readonly Dictionary<IpAddress, Link> _links = [];

    /// <param name="filled">Set with every datagram that arrives; or null.</param>
    /// <param name="addresses">
    /// The node's own; the first of a family is the source of what it sends in that family.
    /// </param>
    public MemoryUnderlay(AutoResetEvent? filled, params IReadOnlyList<IpAddress> addresses)
    {
        _received = new(Capacity, CapacityBytes, filled);
        Addresses = addresses;
    }

    /// <summary>Equal datagrams to one peer are handed over at once, as UDP offloads make the kernels do.</summary>
    public bool SendsTrains { get; init; }

    /// <summary>Makes the two reach each other, at every address of a family both have.</summary>
    public static void Join(MemoryUnderlay one, MemoryUnderlay other)
    {
        one.Add(other);
        other.Add(one);
    }

    public bool TryReceive(PacketBatch batch) => _received.TryTake(batch);

    public void Send(PacketBatch batch)
    {
        for (int i = 0; i < batch.Count;)
        {
            ref PacketSlot slot = ref batch[i];
            int end = i + 1;
            if (slot.Verdict == DropReason.None)
            {
                if (!_links.TryGetValue(slot.Remote!.Address, out Link link))
                    slot.Verdict = DropReason.UnderlayUnreachable;
                else end = Send(batch, i, link);
            }

            i = end;
        }
    }

    // A train ends with what is longer or for somebody else, and behind what is shorter.
    private int Send(PacketBatch batch, int first, Link link)
    {
        PacketSlot slot = batch[first];
        int length = Append(batch, first, 0);
        int end = first + 1;
        bool isOpen = SendsTrains;
        while (isOpen && end < batch.Count && end - first < MaxSegments)
        {
            PacketSlot next = batch[end];
            if (next.Verdict != DropReason.None || next.Remote != slot.Remote || next.OuterEcn != slot.OuterEcn) break;
            if (next.TotalLength > slot.TotalLength || length + next.TotalLength > UdpHeader.MaxPayload) break;
            length = Append(batch, end++, length);
            isOpen = next.TotalLength == slot.TotalLength;
        }

        int segmentSize = end - first > 1 ? slot.TotalLength : 0;
        if (link.Peer._received.Put(
            _train.AsSpan(0, length), source: link.Source, ecn: slot.OuterEcn, segmentSize: segmentSize)) return end;
        for (int i = first; i < end; i++) batch[i].Verdict = DropReason.FullRing;
        return end;
    }

    // A segment of a super-packet is in two pieces; whoever receives it finds it in one.
    private int Append(PacketBatch batch, int index, int offset)
    {
        PacketSlot slot = batch[index];
        batch.Packet(index).CopyTo(_train.AsSpan(offset));
        batch.Memory.AsSpan(slot.PayloadOffset, slot.PayloadLength).CopyTo(_train.AsSpan(offset + slot.Length));
        return offset + slot.TotalLength;
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

    private IReadOnlyList<IpAddress> Addresses { get; }

    private readonly record struct Link(MemoryUnderlay Peer, IpAddress Source);
}
