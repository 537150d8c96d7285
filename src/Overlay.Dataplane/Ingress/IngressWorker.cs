using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Ports;

namespace Overlay.Dataplane.Ingress;

/// <summary>Underlay to TUN: receive a batch, decapsulate it, join it, write it, count it.</summary>
/// <remarks>One half of a <see cref="QueueWorker"/>.</remarks>
public sealed class IngressWorker(
    IUnderlay underlay, Coalescer coalescer, ITunDevice tun, TablePublisher publisher, WorkerCounters counters)
{
    /// <summary>Forwards what the underlay has; false when it has nothing.</summary>
    /// <exception cref="IOException">A device is gone.</exception>
    public bool TryForward(PacketBatch batch)
    {
        if (!underlay.TryReceive(batch)) return false;
        Decapsulator.Decapsulate(batch, publisher.Current);
        coalescer.Coalesce(batch);
        tun.Write(batch);
        counters.Add(batch, overhead: 0);
        return true;
    }
}
