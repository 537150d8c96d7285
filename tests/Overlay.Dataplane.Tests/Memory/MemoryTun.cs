namespace Overlay.Dataplane.Tests;

/// <summary>A TUN whose kernel is the test: it puts packets in as pods would, and takes out what pods would get.</summary>
internal sealed class MemoryTun : ITunDevice
{
    private const int Capacity = 256;
    private const int PacketSize = 16 * 1024;

    private readonly MemoryQueue _fromPods = new(Capacity, PacketSize);
    private readonly MemoryQueue _toPods = new(Capacity, PacketSize);

    public int Mtu => 1450;

    /// <summary>A pod sends; waits while the device is full.</summary>
    public void PodSends(ReadOnlySpan<byte> packet, VirtioNetHeader offload = default) =>
        _fromPods.Put(packet, offload).ShouldBeTrue("the device was interrupted");

    /// <summary>Waits for packets to pods; false once the device is interrupted and empty.</summary>
    public bool PodsReceive(PacketBatch batch) => _toPods.Take(batch);

    public bool Read(PacketBatch batch) => _fromPods.Take(batch);

    public void Write(PacketBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            ref PacketSlot slot = ref batch[i];
            if (slot.Verdict == DropReason.None && !_toPods.Put(batch.Packet(i), slot.Offload)) slot.Verdict = DropReason.DevReady;
        }
    }

    public void Interrupt() => _fromPods.Interrupt();

    /// <summary>Ends the pods' wait; what was delivered can still be taken.</summary>
    public void InterruptPods() => _toPods.Interrupt();
}
