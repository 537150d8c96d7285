using Overlay.Dataplane.Packets;
using Overlay.Wire;

namespace Overlay.Dataplane.Taps;

/// <summary>Copies a batch that came in into a ring: one record a packet, or a chain of joined ones.</summary>
internal static class IngressTap
{
    /// <param name="batch">After the TUN has taken it.</param>
    /// <param name="ring">The listener's.</param>
    public static void Copy(PacketBatch batch, TapRing ring)
    {
        TapRecord record = new() { Ticks = ring.Now() };
        for (int i = 0; i < batch.Count; i++)
        {
            ref PacketSlot slot = ref batch[i];
            if (slot.IsAppended) continue;
            int buffer = slot.Offset / PacketBatch.BufferSize;
            ReadOnlySpan<byte> packet = batch.Packet(i);

            // An outer header is still there where a check of it has failed.
            if (!IsInner(slot, buffer, batch.Received(buffer).SegmentSize))
                packet = packet[Math.Min(packet.Length, VxlanOverhead.InPayload)..];
            record.Length = packet.Length;
            record.Packets = 1;
            for (int next = slot.Next; next != PacketSlot.None; next = batch[next].Next)
            {
                record.Length += batch[next].PayloadLength;
                record.Packets++;
            }

            record.Verdict = slot.Verdict;
            record.Dropped = slot.Verdict == DropReason.None ? 0 : record.Packets;
            record.Peer = batch.Received(buffer).OuterSource;
            ring.Add(record, packet);
        }
    }

    // A slot begins at a datagram's first byte until its outer headers are taken off.
    private static bool IsInner(in PacketSlot slot, int buffer, int segmentSize)
    {
        int into = slot.Offset - PacketBatch.StartOf(buffer);
        return slot.Verdict == DropReason.None || (segmentSize > 0 ? into % segmentSize : into) != 0;
    }
}
