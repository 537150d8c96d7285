using Overlay.Dataplane.Offload;
using Overlay.Dataplane.Packets;

namespace Overlay.Dataplane.Linux.Tun;

/// <summary>
/// Writes to a TUN without virtio-net header, which leaves nothing to the kernel: checksums are completed and
/// super-packets cut here.
/// </summary>
internal static unsafe class PlainPackets
{
    /// <summary>Writes a slot as the packets it stands for.</summary>
    public static DropReason Write(PieceWriter writer, PacketBatch batch, in PacketSlot slot)
    {
        Span<byte> packet = batch.Memory.AsSpan(slot.Offset, slot.Length);
        if (slot.Offload.IsSuperPacket) return WriteSegments(writer, batch, slot, packet);
        bool isLeftToUs = (slot.Offload.Flags & VirtioNetHeader.NeedsChecksum) != 0;
        if (isLeftToUs && !ChecksumCompletion.TryComplete(packet, slot.Offload)) return DropReason.SkbGsoSeg;
        writer.Add(batch, slot.Offset, slot.Length);
        return writer.Write();
    }

    /// <summary>Cuts a super-packet; the payloads stay where they are.</summary>
    private static DropReason WriteSegments(
        PieceWriter writer, PacketBatch batch, in PacketSlot slot, Span<byte> packet)
    {
        if (!Segmenter.TryCreate(InnerPacket.Of(packet, slot), slot.Offload, out Segmenter segmenter))
            return DropReason.SkbGsoSeg;
        byte* header = stackalloc byte[Segmenter.MaxHeaderLength];
        DropReason verdict = DropReason.None;
        for (int i = 0; i < segmenter.Count; i++)
        {
            Span<byte> bytes = new(header, segmenter.HeaderLength);
            packet[..segmenter.HeaderLength].CopyTo(bytes);
            segmenter.WriteHeader(bytes, i, packet);
            writer.Add(header, segmenter.HeaderLength);
            writer.Add(
                batch, slot.Offset + segmenter.HeaderLength + (i * segmenter.SegmentSize), segmenter.PayloadLength(i));
            DropReason last = writer.Write();
            if (last != DropReason.None) verdict = last;
        }

        return verdict;
    }
}
