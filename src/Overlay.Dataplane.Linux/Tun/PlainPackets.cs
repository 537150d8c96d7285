using Overlay.Dataplane.Offload;
using Overlay.Dataplane.Packets;

namespace Overlay.Dataplane.Linux.Tun;

/// <summary>
/// Writes to a TUN what leaves nothing to the kernel: checksums are completed and super-packets cut here. For a device
/// without virtio-net header, and for one that refuses what the header asks for.
/// </summary>
internal static unsafe class PlainPackets
{
    /// <summary>Writes a slot as the packets it stands for.</summary>
    /// <param name="writer">The TUN's.</param>
    /// <param name="batch">Of the slot.</param>
    /// <param name="slot">A packet or super-packet in one piece.</param>
    /// <param name="headerLength">Bytes of the device's virtio-net header, or 0; it asks for nothing.</param>
    public static DropReason Write(PieceWriter writer, PacketBatch batch, in PacketSlot slot, int headerLength)
    {
        Span<byte> packet = batch.Memory.AsSpan(slot.Offset, slot.Length);
        if (slot.Offload.IsSuperPacket) return WriteSegments(writer, batch, slot, packet, headerLength);
        bool isLeftToUs = (slot.Offload.Flags & VirtioNetHeader.NeedsChecksum) != 0;
        if (isLeftToUs && !ChecksumCompletion.TryComplete(packet, slot.Offload)) return DropReason.SkbGsoSeg;
        int start = slot.Offset - headerLength;
        batch.Memory.AsSpan(start, headerLength).Clear();
        writer.Add(batch, start, headerLength + slot.Length);
        return writer.Write();
    }

    /// <summary>Cuts a super-packet; the payloads stay where they are.</summary>
    private static DropReason WriteSegments(
        PieceWriter writer, PacketBatch batch, in PacketSlot slot, Span<byte> packet, int headerLength)
    {
        if (!Segmenter.TryCreate(InnerPacket.Of(packet, slot), slot.Offload, out Segmenter segmenter))
            return DropReason.SkbGsoSeg;
        byte* header = stackalloc byte[VirtioNetHeader.Length + Segmenter.MaxHeaderLength];
        new Span<byte>(header, headerLength).Clear();
        DropReason verdict = DropReason.None;
        for (int i = 0; i < segmenter.Count; i++)
        {
            Span<byte> bytes = new(header + headerLength, segmenter.HeaderLength);
            packet[..segmenter.HeaderLength].CopyTo(bytes);
            segmenter.WriteHeader(bytes, i, packet);
            writer.Add(header, headerLength + segmenter.HeaderLength);
            writer.Add(
                batch, slot.Offset + segmenter.HeaderLength + (i * segmenter.SegmentSize), segmenter.PayloadLength(i));
            DropReason last = writer.Write();
            if (last != DropReason.None) verdict = last;
        }

        return verdict;
    }
}
