using Overlay.Dataplane.Packets;

namespace Overlay.Dataplane.Ports;

/// <summary>The network between nodes as batches of VXLAN datagrams: UDP sockets, or memory in tests.</summary>
public interface IUnderlay
{
    /// <summary>Takes what is there, with outer source and ECN, without waiting.</summary>
    /// <returns>False when nothing is there: the batch is empty.</returns>
    /// <exception cref="IOException">The sockets are unusable.</exception>
    bool TryReceive(PacketBatch batch);

    /// <summary>
    /// Sends every slot without a verdict to its <see cref="PacketSlot.Remote"/>; one that cannot be sent gets a
    /// verdict.
    /// </summary>
    /// <exception cref="IOException">The sockets are unusable.</exception>
    void Send(PacketBatch batch);
}
