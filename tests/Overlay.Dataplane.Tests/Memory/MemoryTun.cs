using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Ports;

namespace Overlay.Dataplane.Tests;

/// <summary>
/// A TUN whose kernel is the test: it puts packets in as pods would, and takes out what pods would get.
/// </summary>
/// <param name="filled">Set when a pod sends.</param>
/// <param name="takesSuperPackets">Takes TCP and UDP super-packets.</param>
internal sealed class MemoryTun(AutoResetEvent? filled = null, bool takesSuperPackets = false) : ITunDevice
{
    private const int Capacity = 256;
    private const int PacketSize = 64 * 1024;

    private readonly MemoryQueue _fromPods = new(Capacity, Capacity * PacketSize, filled);
    private readonly byte[] _joined = new byte[PacketSize];
    private readonly MemoryQueue _toPods = new(Capacity, Capacity * PacketSize);

    public bool TakesTcpSuperPackets => takesSuperPackets;

    public bool TakesUdpSuperPackets => takesSuperPackets;

    /// <summary>A pod sends; waits while the device is full.</summary>
    public void PodSends(ReadOnlySpan<byte> packet, VirtioNetHeader offload = default) =>
        _fromPods.Put(packet, offload).ShouldBeTrue("the device was interrupted");

    /// <summary>Waits for packets to pods; false once the device is interrupted and empty.</summary>
    public bool PodsReceive(PacketBatch batch) => _toPods.Take(batch);

    public bool TryRead(PacketBatch batch) => _fromPods.TryTake(batch);

    public void Write(PacketBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            ref PacketSlot slot = ref batch[i];
            if (slot.Verdict != DropReason.None || slot.IsAppended) continue;
            ReadOnlySpan<byte> packet = batch.Packet(i);
            if (slot.Next != PacketSlot.None) packet = Join(batch, i);
            if (!_toPods.Put(packet, slot.Offload)) slot.Verdict = DropReason.DevReady;
        }
    }

    private ReadOnlySpan<byte> Join(PacketBatch batch, int index)
    {
        int length = 0;
        Append(batch.Packet(index));
        for (int next = batch[index].Next; next != PacketSlot.None; next = batch[next].Next)
            Append(batch.Memory.AsSpan(batch[next].PayloadOffset, batch[next].PayloadLength));
        return _joined.AsSpan(0, length);

        void Append(ReadOnlySpan<byte> piece)
        {
            piece.CopyTo(_joined.AsSpan(length));
            length += piece.Length;
        }
    }

    /// <summary>From now on pods cannot send.</summary>
    public void Interrupt() => _fromPods.Interrupt();

    /// <summary>Ends the pods' wait; what was delivered can still be taken.</summary>
    public void InterruptPods() => _toPods.Interrupt();
}
