using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Ports;

namespace Overlay.Bench.Micro;

/// <summary>A TUN with one packet that is read again and again; what is written to it is counted.</summary>
internal sealed class MemoryTun(byte[]? packet = null, VirtioNetHeader offload = default) : ITunDevice
{
    private bool _isOffered;
    private bool _isInPlace;

    public bool TakesTcpSuperPackets => true;

    public bool TakesUdpSuperPackets => true;

    /// <summary>Packets of the last batch written, joined or not.</summary>
    public int Written { get; private set; }

    /// <summary>The next read finds the packet.</summary>
    public void Offer() => _isOffered = true;

    public bool TryRead(PacketBatch batch)
    {
        batch.Clear();
        if (!_isOffered) return false;
        _isOffered = false;

        // Egress leaves the packet as it was, and nothing else is read into this batch: it is copied only once.
        if (!_isInPlace) packet!.CopyTo(batch.Memory.AsSpan(PacketBatch.StartOf(0)));
        _isInPlace = true;
        ref ReceivedBuffer received = ref batch.AddReceived();
        received.Length = packet!.Length;
        received.Offload = offload;
        return true;
    }

    public void Write(PacketBatch batch) => Written = batch.Count;
}
