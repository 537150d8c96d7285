using Overlay.Dataplane.Packets;

namespace Overlay.Dataplane.Taps;

/// <summary>Copies a batch that went out into a ring: one record a packet that the TUN handed over.</summary>
internal static class EgressTap
{
    /// <param name="batch">After the underlay has sent it.</param>
    /// <param name="ring">The listener's.</param>
    public static void Copy(PacketBatch batch, TapRing ring)
    {
        TapRecord record = new() { IsEgress = true, Ticks = ring.Now() };
        for (int i = 0; i < batch.Count;)
        {
            int buffer = BufferOf(batch[i]);
            record.Verdict = DropReason.None;
            record.Dropped = 0;
            int first = i;
            for (; i < batch.Count && BufferOf(batch[i]) == buffer; i++)
            {
                DropReason verdict = batch[i].Verdict;
                if (verdict == DropReason.None) continue;
                record.Dropped++;
                if (record.Verdict == DropReason.None) record.Verdict = verdict;
            }

            record.Packets = i - first;
            record.Peer = batch[first].Remote?.Address ?? default;

            // Headers went in front of the packet or elsewhere, so the buffer still has the packet itself.
            ReadOnlySpan<byte> packet = batch.ReceivedBytes(buffer);
            record.Length = packet.Length;
            ring.Add(record, packet);
        }
    }

    // A segment has its headers elsewhere and its payload where the super-packet was read.
    private static int BufferOf(in PacketSlot slot) =>
        (slot.PayloadLength > 0 ? slot.PayloadOffset : slot.Offset) / PacketBatch.BufferSize;
}
