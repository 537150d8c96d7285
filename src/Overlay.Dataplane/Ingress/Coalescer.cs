using Overlay.Dataplane.Packets;

namespace Overlay.Dataplane.Ingress;

/// <summary>
/// Joins a batch's consecutive segments of a flow, so that the TUN takes them in one write and the kernel handles them
/// once.
/// </summary>
/// <remarks>
/// Nothing is copied: slots are chained, and the first one's headers become the super-packet's. Within a flow the order
/// stays as it came: whatever cannot be appended ends what was open of its flow. A segment is joined only if its
/// checksum is right, as the joined packet's is left to the kernel to make: a wrong one would be made to look right.
/// </remarks>
public sealed class Coalescer
{
    private const int MaxFlows = 16;
    // Kernels before 6.9 take no more of UDP in one piece (UDP_MAX_SEGMENTS); writev takes 1024 pieces (UIO_MAXIOV).
    private const int MaxUdpSegments = 64;
    private const int MaxTcpSegments = 512;
    private const int MaxLength = 65_535;

    private readonly OpenFlow[] _flows = new OpenFlow[MaxFlows];
    private int _count;
    private bool _joinsTcp;
    private bool _joinsUdp;

    /// <summary>Chains slots that go to the TUN in one write; those with a verdict are left alone.</summary>
    /// <param name="batch">Packets for the TUN.</param>
    /// <param name="joinsTcp">The TUN takes TCP super-packets.</param>
    /// <param name="joinsUdp">The TUN takes UDP super-packets.</param>
    public void Coalesce(PacketBatch batch, bool joinsTcp, bool joinsUdp)
    {
        (_joinsTcp, _joinsUdp) = (joinsTcp, joinsUdp);
        _count = 0;
        for (int i = 0; i < batch.Count; i++)
        {
            if (batch[i].Verdict == DropReason.None) Join(batch, i);
        }

        CloseAll(batch);
    }

    /// <summary>
    /// Makes the slots of a chain packets by themselves again, for a TUN that has refused to take it in one write.
    /// </summary>
    /// <param name="batch">The batch that was joined.</param>
    /// <param name="index">The slot that leads the chain.</param>
    public static void Part(PacketBatch batch, int index)
    {
        ref PacketSlot slot = ref batch[index];
        _ = GroSegment.TryRead(batch.Packet(index), slot, out GroSegment head);
        slot.Offload = head.Part();
        int next = slot.Next;
        slot.Next = PacketSlot.None;
        while (next != PacketSlot.None)
        {
            // The segment's own headers are still in front of its payload, as they came.
            ref PacketSlot appended = ref batch[next];
            next = appended.Next;
            appended.Length += appended.PayloadLength;
            appended.PayloadLength = 0;
            appended.IsAppended = false;
            appended.Next = PacketSlot.None;
        }
    }

    private void Join(PacketBatch batch, int index)
    {
        ref PacketSlot slot = ref batch[index];
        if (!GroSegment.TryRead(batch.Packet(index), slot, out GroSegment segment))
        {
            // A fragment does not say of which flow it is, and nothing behind it may be put before it.
            if (slot.Transport == 0) CloseAll(batch);
            return;
        }

        if (!(segment.IsTcp ? _joinsTcp : _joinsUdp)) return;
        int flow = Find(batch, segment);
        bool canJoin = segment.CanJoin && !slot.Offload.IsSuperPacket;
        if (flow >= 0)
        {
            if (canJoin && TryAppend(batch, ref _flows[flow], index, segment)) return;
            Close(batch, flow);
        }

        if (canJoin && !segment.IsPushed) Open(batch, index, segment);
    }

    private int Find(PacketBatch batch, in GroSegment segment)
    {
        // The flow of the packet before is the likeliest.
        for (int i = _count - 1; i >= 0; i--)
        {
            int head = _flows[i].Head;
            _ = GroSegment.TryRead(batch.Packet(head), batch[head], out GroSegment other);
            if (segment.IsOfFlow(other)) return i;
        }

        return -1;
    }

    private void Open(PacketBatch batch, int index, in GroSegment segment)
    {
        if (_count == MaxFlows) Close(batch, 0);
        _flows[_count++] = new OpenFlow
        {
            Head = index,
            Tail = index,
            SegmentSize = segment.PayloadLength,
            Count = 1,
            Length = segment.HeaderLength + segment.PayloadLength,
            NextSequence = segment.IsTcp ? segment.Sequence + (uint)segment.PayloadLength : 0,
        };
    }

    private static bool TryAppend(PacketBatch batch, ref OpenFlow flow, int index, in GroSegment segment)
    {
        int payload = segment.PayloadLength;
        if (flow.IsClosed || payload > flow.SegmentSize || flow.Length + payload > MaxLength) return false;
        if (flow.Count == (segment.IsTcp ? MaxTcpSegments : MaxUdpSegments)) return false;
        if (segment.IsTcp && segment.Sequence != flow.NextSequence) return false;
        ref PacketSlot headSlot = ref batch[flow.Head];
        _ = GroSegment.TryRead(batch.Packet(flow.Head), headSlot, out GroSegment head);
        if (!segment.IsLike(head)) return false;

        ref PacketSlot slot = ref batch[index];
        if (!flow.IsVerified && !head.IsChecksumRight(headSlot.Offload)) return false;
        flow.IsVerified = true;
        if (!segment.IsChecksumRight(slot.Offload)) return false;

        slot.PayloadOffset = slot.Offset + segment.HeaderLength;
        slot.PayloadLength = payload;
        slot.Length = segment.HeaderLength;
        slot.IsAppended = true;
        batch[flow.Tail].Next = index;
        flow.Tail = index;
        flow.Count++;
        flow.Length += payload;
        flow.NextSequence += (uint)payload;
        flow.IsClosed = payload < flow.SegmentSize || segment.IsPushed;
        if (segment.IsPushed) head.Push();
        return true;
    }

    private void CloseAll(PacketBatch batch)
    {
        while (_count > 0) Close(batch, _count - 1);
    }

    private void Close(PacketBatch batch, int flow)
    {
        ref OpenFlow closed = ref _flows[flow];
        if (closed.Count > 1)
        {
            ref PacketSlot slot = ref batch[closed.Head];
            _ = GroSegment.TryRead(batch.Packet(closed.Head), slot, out GroSegment head);
            slot.Offload = head.Lead(closed.Length, closed.SegmentSize);
        }

        _count--;
        _flows[flow] = _flows[_count];
    }
}
