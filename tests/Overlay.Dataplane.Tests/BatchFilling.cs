using Overlay.Wire;

namespace Overlay.Dataplane.Tests;

/// <summary>Puts packets into a batch as a device does: no slot is cleared, what an earlier packet left stays in it.</summary>
internal static class BatchFilling
{
    /// <summary>As a TUN hands it over.</summary>
    public static void PutPacket(this PacketBatch batch, ReadOnlySpan<byte> packet, VirtioNetHeader offload = default)
    {
        ref PacketSlot slot = ref batch.Put(packet);
        slot.Offload = offload;
    }

    /// <summary>As the underlay hands it over.</summary>
    public static void PutDatagram(this PacketBatch batch, ReadOnlySpan<byte> datagram, IpAddress outerSource, Ecn outerEcn)
    {
        ref PacketSlot slot = ref batch.Put(datagram);
        slot.OuterSource = outerSource;
        slot.OuterEcn = outerEcn;
    }

    private static ref PacketSlot Put(this PacketBatch batch, ReadOnlySpan<byte> bytes)
    {
        int index = batch.Count++;
        bytes.CopyTo(batch.Buffer(index)[PacketBatch.Headroom..]);
        ref PacketSlot slot = ref batch[index];
        slot.Offset = PacketBatch.Headroom;
        slot.Length = bytes.Length;
        return ref slot;
    }
}
