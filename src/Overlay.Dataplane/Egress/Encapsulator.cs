using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Offload;
using Overlay.Dataplane.Packets;
using Overlay.Wire;
using Overlay.Wire.Headers;

namespace Overlay.Dataplane.Egress;

/// <summary>
/// IP packets from the TUN become VXLAN datagrams: parse, look up, prepend; a super-packet becomes one a segment. No
/// I/O.
/// </summary>
/// <remarks>Next in line: <see cref="EgressPath"/> hands the batch to the underlay.</remarks>
public static class Encapsulator
{
    /// <summary>
    /// Makes slots of buffers: each has either a peer and its VXLAN header, or a verdict. The slots of before are
    /// forgotten.
    /// </summary>
    /// <param name="batch">The buffers.</param>
    /// <param name="table">Where they go.</param>
    /// <param name="first">The buffer to begin with.</param>
    /// <returns>
    /// The buffer to go on with once these slots are sent; the number of buffers where all have been made slots of.
    /// Segments of a few bytes, as a pod may ask for, fill all slots, which costs the packets behind them nothing.
    /// </returns>
    public static int Encapsulate(PacketBatch batch, ForwardingTable table, int first = 0)
    {
        table = table.ForPackets(out LocalEndpoint local);
        batch.ClearSlots();
        int index = first;
        while (index < batch.ReceivedCount && TryEncapsulate(batch, index, table, local.Vtep)) index++;
        return index;
    }

    // False, and no slot used, where the slots that are left are too few: never for the first buffer of a pass.
    private static bool TryEncapsulate(PacketBatch batch, int index, ForwardingTable table, Vtep vtep)
    {
        VirtioNetHeader offload = batch.Received(index).Offload;
        Span<byte> packet = batch.ReceivedBytes(index);
        int first = batch.Count;
        ref PacketSlot slot = ref batch.Add(PacketBatch.StartOf(index), packet.Length);
        slot.Verdict = InnerPacket.TryRead(packet, out InnerPacket inner);
        if (slot.Verdict != DropReason.None)
        {
            slot.Remote = null;
            return true;
        }

        RemoteVtep? remote = inner.IsIpv4 ? table.Lookup(inner.DestinationV4) : table.Lookup(inner.DestinationV6);
        slot.Remote = remote;
        if (remote is null)
        {
            slot.Verdict = DropReason.IpOutNoRoutes;
            return true;
        }

        slot.FlowHash = FlowHash.Of(inner);
        slot.OuterEcn = inner.Ecn;
        slot.Length = inner.Bytes.Length;
        if (offload.IsSuperPacket)
        {
            slot.Verdict = Segment(batch, index, offload, inner, vtep, out bool isFull);
            if (!isFull || first == 0) return true;
            batch.RemoveLast();
            return false;
        }

        if ((offload.Flags & VirtioNetHeader.NeedsChecksum) == 0
            || ChecksumCompletion.TryComplete(inner.Bytes, offload))
        {
            slot.Offset -= VxlanOverhead.InPayload;
            slot.Length += VxlanOverhead.InPayload;
            WriteHeaders(batch.Packet(first), inner, remote, vtep);
        }
        else slot.Verdict = DropReason.SkbGsoSeg;
        return true;
    }

    private static DropReason Segment(
        PacketBatch batch, int index, in VirtioNetHeader offload, in InnerPacket inner, Vtep vtep, out bool isFull)
    {
        isFull = false;
        if (!Segmenter.TryCreate(inner, offload, out Segmenter segmenter)) return DropReason.SkbGsoSeg;
        int headerLength = VxlanOverhead.InPayload + segmenter.HeaderLength;
        int headers = 0;
        isFull = segmenter.Count - 1 > batch.SpareSlots(index)
            || !batch.TryTakeHeaders(segmenter.Count * headerLength, out headers);
        if (isFull) return DropReason.SkbGsoSeg;

        int slotIndex = batch.Count - 1;
        PacketSlot first = batch[slotIndex];
        Span<byte> packet = inner.Bytes;

        // The first segment's headers are the pattern of all.
        Span<byte> pattern = batch.Memory.AsSpan(headers, headerLength);
        WriteHeaders(pattern, inner, first.Remote!, vtep);
        packet[..segmenter.HeaderLength].CopyTo(pattern[VxlanOverhead.InPayload..]);

        int payload = PacketBatch.StartOf(index) + segmenter.HeaderLength;
        for (int i = segmenter.Count - 1; i >= 0; i--)
        {
            // Backwards, as the pattern becomes the first segment's own headers last.
            Span<byte> header = batch.Memory.AsSpan(headers + (i * headerLength), headerLength);
            if (i > 0) pattern.CopyTo(header);
            segmenter.WriteHeader(header[VxlanOverhead.InPayload..], i, packet);
        }

        for (int i = 0; i < segmenter.Count; i++)
        {
            if (i > 0) _ = batch.Add(0, 0);
            ref PacketSlot slot = ref batch[slotIndex + i];
            slot.Offset = headers + (i * headerLength);
            slot.Length = headerLength;
            slot.PayloadOffset = payload + (i * segmenter.SegmentSize);
            slot.PayloadLength = segmenter.PayloadLength(i);
            slot.Remote = first.Remote;
            slot.FlowHash = first.FlowHash;
            slot.OuterEcn = first.OuterEcn;
        }

        return DropReason.None;
    }

    private static void WriteHeaders(Span<byte> destination, in InnerPacket inner, RemoteVtep remote, Vtep vtep)
    {
        VxlanHeader.Write(destination, vtep.Vni);
        EthernetHeader.Write(destination[VxlanHeader.Length..], remote.Mac, vtep.Mac, inner.EtherType);
    }
}
