using Overlay.Dataplane.Packets;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Tests;

/// <summary>
/// Puts packets into a batch as a device does: no slot is cleared, what an earlier packet left stays in it.
/// </summary>
internal static class BatchFilling
{
    /// <summary>As a TUN hands it over.</summary>
    public static void PutPacket(this PacketBatch batch, ReadOnlySpan<byte> packet, VirtioNetHeader offload = default)
    {
        ref ReceivedBuffer received = ref batch.Put(packet);
        received.Offload = offload;
    }

    /// <summary>As the underlay hands it over.</summary>
    public static void PutDatagram(
        this PacketBatch batch, ReadOnlySpan<byte> datagram, IpAddress outerSource, Ecn outerEcn, int segmentSize = 0)
    {
        ref ReceivedBuffer received = ref batch.Put(datagram);
        received.OuterSource = outerSource;
        received.OuterEcn = outerEcn;
        received.SegmentSize = segmentSize;
    }

    /// <summary>The packet in a slot, both of its pieces.</summary>
    public static byte[] WholePacket(this PacketBatch batch, int index)
    {
        PacketSlot slot = batch[index];
        return [.. batch.Packet(index), .. batch.Memory.AsSpan(slot.PayloadOffset, slot.PayloadLength)];
    }

    /// <summary>What a TUN writes for a slot: the slot, and the payloads of those appended to it.</summary>
    public static byte[] JoinedPacket(this PacketBatch batch, int index)
    {
        List<byte> bytes = [.. batch.Packet(index)];
        for (int next = batch[index].Next; next != PacketSlot.None; next = batch[next].Next)
            bytes.AddRange(batch.Memory.AsSpan(batch[next].PayloadOffset, batch[next].PayloadLength));
        return [.. bytes];
    }

    private static ref ReceivedBuffer Put(this PacketBatch batch, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(batch.Memory.AsSpan(PacketBatch.StartOf(batch.ReceivedCount)));
        ref ReceivedBuffer received = ref batch.AddReceived();
        received.Length = bytes.Length;
        return ref received;
    }
}
