//  A packet's way out:
//  1. TunDevice.TryRead                the kernel's packets and super-packets, one a buffer of the batch
//  2. Encapsulator.Encapsulate         InnerPacket.TryRead, ForwardingTable.Lookup, FlowHash.Of; then either
//     a. VXLAN and Ethernet in front, and the checksum, where the pod's kernel left that (ChecksumCompletion), or
//     b. one header a segment of a super-packet (Segmenter); payloads stay where they were read
//  3. UdpUnderlay.Send                 UdpSender: by source port, equal datagrams in one message, sendmmsg
//  4. PathCounters.Add                 each packet as forwarded, or under its DropReason
//  5. EgressTap.Copy                   while somebody listens

using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Ports;
using Overlay.Dataplane.Taps;
using Overlay.Wire;

namespace Overlay.Dataplane.Egress;

/// <summary>TUN to underlay: read a batch, encapsulate it, send it, count it.</summary>
/// <remarks>One half of a <c>Workers.QueueWorker</c>.</remarks>
public sealed class EgressPath(
    ITunDevice tun, IUnderlay underlay, TablePublisher publisher, PathCounters counters, TapPoint tap)
{
    /// <summary>Forwards what the TUN has; false when it has nothing.</summary>
    /// <exception cref="IOException">A device is gone.</exception>
    public bool TryForward(PacketBatch batch)
    {
        if (!tun.TryRead(batch)) return false;
        int done = 0;
        while (done < batch.ReceivedCount)
        {
            done = Encapsulator.Encapsulate(batch, publisher.Current, done);
            underlay.Send(batch);
            counters.Add(batch, VxlanOverhead.InPayload);
            if (tap.Ring is { } ring) EgressTap.Copy(batch, ring);
        }

        return true;
    }
}
