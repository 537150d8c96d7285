using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Ingress;
using Overlay.Dataplane.Offload;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Egress;

/// <summary>IP packets from the TUN become VXLAN datagrams: parse, look up, prepend; a super-packet becomes one a segment. No I/O.</summary>
/// <remarks>Next in line: <see cref="EgressWorker"/> hands the batch to the underlay.</remarks>
public static class Encapsulator
{
    /// <summary>Bytes put in front of the inner packet: VXLAN (8) and Ethernet (14).</summary>
    public const int Overhead = VxlanHeader.Length + EthernetHeader.Length;

    /// <summary>Makes slots of all buffers: each has either a peer and its VXLAN header, or a verdict.</summary>
    public static void Encapsulate(PacketBatch batch, ForwardingTable table)
    {
        table = table.ForPackets(out LocalEndpoint local);
        batch.ClearSlots();
        for (int i = 0; i < batch.ReceivedCount; i++) Encapsulate(batch, i, table, local.Vtep);
    }

    private static void Encapsulate(PacketBatch batch, int index, ForwardingTable table, Vtep vtep)
    {
        VirtioNetHeader offload = batch.Received(index).Offload;
        Span<byte> packet = batch.ReceivedBytes(index);
        int first = batch.Count;
        ref PacketSlot slot = ref batch.Add(PacketBatch.StartOf(index), packet.Length);
        slot.Verdict = InnerPacket.TryRead(packet, table, out InnerPacket inner);
        if (slot.Verdict != DropReason.None) return;

        slot.Remote = inner.Remote;
        slot.FlowHash = inner.FlowHash;
        slot.OuterEcn = inner.Ecn;
        slot.Length = inner.Length;
        packet = packet[..inner.Length];
        if (offload.IsSuperPacket) slot.Verdict = Segment(batch, index, packet, offload, inner, vtep);
        else if ((offload.Flags & VirtioNetHeader.NeedsChecksum) == 0 || ChecksumCompletion.TryComplete(packet, offload))
        {
            slot.Offset -= Overhead;
            slot.Length += Overhead;
            WriteHeaders(batch.Packet(first), inner, vtep);
        }
        else slot.Verdict = DropReason.SkbGsoSeg;
    }

    private static DropReason Segment(
        PacketBatch batch, int index, Span<byte> packet, in VirtioNetHeader offload, in InnerPacket inner, Vtep vtep)
    {
        if (!Segmenter.TryCreate(packet, offload, out Segmenter segmenter) || segmenter.Count - 1 > batch.SpareSlots(index))
            return DropReason.SkbGsoSeg;
        int headerLength = Overhead + segmenter.HeaderLength;
        if (!batch.TryTakeHeaders(segmenter.Count * headerLength, out int headers)) return DropReason.SkbGsoSeg;

        // The first segment's headers are the pattern of all.
        int slotIndex = batch.Count - 1;
        Span<byte> pattern = batch.Memory.AsSpan(headers, headerLength);
        WriteHeaders(pattern, inner, vtep);
        packet[..segmenter.HeaderLength].CopyTo(pattern[Overhead..]);

        int payload = PacketBatch.StartOf(index) + segmenter.HeaderLength;
        for (int i = segmenter.Count - 1; i >= 0; i--)
        {
            // Backwards, as the pattern becomes the first segment's own headers last.
            Span<byte> header = batch.Memory.AsSpan(headers + (i * headerLength), headerLength);
            if (i > 0) pattern.CopyTo(header);
            segmenter.WriteHeader(header[Overhead..], i, packet);
        }

        for (int i = 0; i < segmenter.Count; i++)
        {
            if (i > 0) _ = batch.Add(0, 0);
            ref PacketSlot slot = ref batch[slotIndex + i];
            slot.Offset = headers + (i * headerLength);
            slot.Length = headerLength;
            slot.PayloadOffset = payload + (i * segmenter.SegmentSize);
            slot.PayloadLength = segmenter.PayloadLength(i);
            slot.Remote = inner.Remote;
            slot.FlowHash = inner.FlowHash;
            slot.OuterEcn = inner.Ecn;
        }

        return DropReason.None;
    }

    private static void WriteHeaders(Span<byte> destination, in InnerPacket inner, Vtep vtep)
    {
        VxlanHeader.Write(destination, vtep.Vni);
        EthernetHeader.Write(destination[VxlanHeader.Length..], inner.Remote!.Mac, vtep.Mac, inner.EtherType);
    }
}
