//  A packet's way in:
//  1. UdpUnderlay.TryReceive           UdpReceiver: recvmmsg; datagrams, or trains of them, one a buffer of the batch
//  2. Decapsulator.Decapsulate         Fdb.TryFind, VXLAN and Ethernet header, InnerPacket, allowed source, own destination,
//                                      EcnDecapsulation; then OffloadInference: what a virtual device left undone
//  3. Coalescer.Coalesce               segments of a flow are chained (GroSegment, OpenFlow)
//  4. TunDevice.Write                  one write a chain; without a virtio-net header PlainPackets cuts super-packets
//  5. PathCounters.Add                 each packet as forwarded, or under its DropReason
//  6. IngressTap.Copy                  while somebody listens

using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Ports;
using Overlay.Dataplane.Taps;

namespace Overlay.Dataplane.Ingress;

/// <summary>Underlay to TUN: receive a batch, decapsulate it, join it, write it, count it.</summary>
/// <remarks>One half of a <c>Workers.QueueWorker</c>.</remarks>
public sealed class IngressPath(
    IUnderlay underlay, ITunDevice tun, TablePublisher publisher, PathCounters counters, StrangerRing strangers,
    TapPoint tap)
{
    private readonly Coalescer _coalescer = new();

    /// <summary>Forwards what the underlay has; false when it has nothing.</summary>
    /// <exception cref="IOException">A device is gone.</exception>
    public bool TryForward(PacketBatch batch)
    {
        if (!underlay.TryReceive(batch)) return false;
        Decapsulator.Decapsulate(batch, publisher.Current);
        if (batch.UnknownSender != PacketSlot.None) strangers.Add(batch);
        _coalescer.Coalesce(batch, tun.TakesTcpSuperPackets, tun.TakesUdpSuperPackets);
        tun.Write(batch);
        counters.Add(batch, overhead: 0);
        if (tap.Ring is { } ring) IngressTap.Copy(batch, ring);
        return true;
    }
}
