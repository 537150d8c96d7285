namespace Overlay.Dataplane;

/// <summary>The network between nodes as batches of VXLAN datagrams: UDP sockets, or memory in tests.</summary>
public interface IUnderlay
{
    /// <summary>Waits for at least one datagram, then takes what is there, with outer source and ECN.</summary>
    /// <returns>False after <see cref="Interrupt"/>, once what was queued is through: the batch is empty and there will be no more.</returns>
    /// <exception cref="IOException">The sockets are unusable.</exception>
    bool Receive(PacketBatch batch);

    /// <summary>Sends every slot without a verdict to its <see cref="PacketSlot.Remote"/>; one that cannot be sent gets a verdict.</summary>
    /// <exception cref="IOException">The sockets are unusable.</exception>
    void Send(PacketBatch batch);

    /// <summary>Ends the current wait and, after a bounded drain, every later <see cref="Receive"/>. Callable from any thread.</summary>
    void Interrupt();
}
