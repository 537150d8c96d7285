using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Ports;

namespace Overlay.Dataplane.Egress;

/// <summary>TUN to underlay: read a batch, encapsulate it, send it, count it.</summary>
/// <remarks>One half of a <see cref="QueueWorker"/>.</remarks>
public sealed class EgressWorker(
    ITunDevice tun, IUnderlay underlay, TablePublisher publisher, WorkerCounters counters)
{
    /// <summary>Forwards what the TUN has; false when it has nothing.</summary>
    /// <exception cref="IOException">A device is gone.</exception>
    public bool TryForward(PacketBatch batch)
    {
        if (!tun.TryRead(batch)) return false;
        Encapsulator.Encapsulate(batch, publisher.Current);
        underlay.Send(batch);
        counters.Add(batch, Encapsulator.Overhead);
        return true;
    }
}
