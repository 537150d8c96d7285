namespace Overlay.Dataplane;

/// <summary>A layer-3 device that hands over and takes batches of IP packets: the kernel's TUN, or memory in tests.</summary>
public interface ITunDevice
{
    /// <summary>Waits for at least one packet, then takes what is there, one packet a buffer.</summary>
    /// <returns>False after <see cref="Interrupt"/>, once what was queued is through: the batch is empty and there will be no more.</returns>
    /// <exception cref="IOException">The device is gone.</exception>
    bool Read(PacketBatch batch);

    /// <summary>Writes every slot without a verdict, those appended to another one with it; a packet the device refuses gets a verdict.</summary>
    /// <exception cref="IOException">The device is gone.</exception>
    void Write(PacketBatch batch);

    /// <summary>Ends the current wait and, after a bounded drain, every later <see cref="Read"/>. Callable from any thread.</summary>
    void Interrupt();
}
