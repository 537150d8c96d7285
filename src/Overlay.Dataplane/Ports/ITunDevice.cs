using Overlay.Dataplane.Packets;

namespace Overlay.Dataplane.Ports;

/// <summary>
/// A layer-3 device that hands over and takes batches of IP packets: the kernel's TUN, or memory in tests.
/// </summary>
public interface ITunDevice
{
    /// <summary>
    /// Several TCP segments of a flow may come in one write. Asked once a batch: a device may turn out to refuse them.
    /// </summary>
    bool TakesTcpSuperPackets { get; }

    /// <summary>Several UDP datagrams of a flow may come in one write. Asked once a batch.</summary>
    bool TakesUdpSuperPackets { get; }

    /// <summary>Takes what is there, one packet a buffer, without waiting.</summary>
    /// <returns>False when nothing is there: the batch is empty.</returns>
    /// <exception cref="IOException">The device is gone.</exception>
    bool TryRead(PacketBatch batch);

    /// <summary>
    /// Writes every slot without a verdict, those appended to another one with it; a packet the device refuses gets a
    /// verdict.
    /// </summary>
    /// <exception cref="IOException">The device is gone.</exception>
    void Write(PacketBatch batch);
}
