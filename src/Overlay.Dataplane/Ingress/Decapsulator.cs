using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Offload;
using Overlay.Dataplane.Packets;
using Overlay.Wire;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Ingress;

/// <summary>VXLAN datagrams become IP packets for the TUN, in place, if they pass every check. No I/O.</summary>
/// <remarks>
/// The checks run from the outside in: a known VTEP, our VNI, a frame for us, sound headers, a source the sender
/// may use, a destination of ours. Next in line: <see cref="Coalescer"/> joins what belongs together.
/// </remarks>
public static class Decapsulator
{
    /// <summary>
    /// Makes slots of all buffers, one a datagram: each has an inner packet and its offload header, or a verdict.
    /// </summary>
    public static void Decapsulate(PacketBatch batch, ForwardingTable table)
    {
        table = table.ForPackets(out LocalEndpoint local);
        batch.ClearSlots();
        batch.UnknownSender = PacketSlot.None;
        for (int i = 0; i < batch.ReceivedCount; i++)
        {
            ref ReceivedBuffer received = ref batch.Received(i);
            bool isKnown = table.Fdb.TryFind(received.OuterSource, out RemoteVtep? sender);
            if (!isKnown) batch.UnknownSender = i;
            int end = PacketBatch.StartOf(i) + received.Length;
            int step = StepOf(received, batch.ReceivedBytes(i));
            int mtu = MtuOf(step, local.PodMtu);

            // An empty datagram is one too.
            int start = PacketBatch.StartOf(i);
            do
            {
                int index = batch.Count;
                bool hasRoom = batch.SpareSlots(i) > 1 || step >= end - start;
                int length = hasRoom ? Math.Min(step, end - start) : end - start;
                ref PacketSlot slot = ref batch.Add(start, length);
                slot.Remote = sender;
                slot.Verdict = !isKnown ? DropReason.UnknownVtep
                    : hasRoom ? Accept(batch.Packet(index), ref slot, received, sender!, table, local.Vtep, mtu)
                    : DropReason.FullRing;
                start += length;
            }
            while (start < end);
        }
    }

    // The kernel reports a segment size for a train of datagrams, and also for one datagram with a UDP super-packet in
    // it, as a kernel VXLAN peer on a virtual link sends it: there the inner packet fills the whole datagram.
    private static int StepOf(in ReceivedBuffer received, Span<byte> bytes)
    {
        if (received.SegmentSize == 0 || received.SegmentSize >= received.Length) return int.MaxValue;
        return IsOnePacket(bytes) ? int.MaxValue : received.SegmentSize;
    }

    // A datagram among several was cut for the wire, and holds no super-packet: where pods have a larger MTU than this node
    // gives them, its train is joined as it came.
    private static int MtuOf(int step, int podMtu) =>
        step == int.MaxValue ? podMtu : Math.Max(podMtu, step - VxlanOverhead.InPayload);

    private static bool IsOnePacket(Span<byte> datagram) =>
        datagram.Length > VxlanOverhead.InPayload
        && InnerPacket.TryRead(datagram[VxlanOverhead.InPayload..], out InnerPacket inner) == DropReason.None
        && inner.Bytes.Length == datagram.Length - VxlanOverhead.InPayload;

    private static DropReason Accept(
        Span<byte> datagram, ref PacketSlot slot, in ReceivedBuffer received, RemoteVtep sender, ForwardingTable table,
        Vtep vtep, int mtu)
    {
        if (!VxlanHeader.TryParse(datagram, out VxlanHeader vxlan)) return DropReason.PktTooSmall;
        if (!vxlan.IsValid) return DropReason.VxlanInvalidHdr;
        if (vxlan.Vni != vtep.Vni) return DropReason.VxlanVniNotFound;
        if (!EthernetHeader.TryParse(vxlan.Payload, out EthernetHeader ethernet)) return DropReason.PktTooSmall;
        MacAddress source = ethernet.Source;
        if (source.IsZero || source.IsMulticast) return DropReason.MacInvalidSource;
        if (source == vtep.Mac || source == vtep.MacV6) return DropReason.LocalMac;
        if (ethernet.Destination != vtep.Mac && ethernet.Destination != vtep.MacV6) return DropReason.OtherHost;

        Span<byte> packet = datagram[VxlanOverhead.InPayload..];
        slot.Offset += VxlanOverhead.InPayload;
        slot.Length = packet.Length;
        return ethernet.EtherType switch
        {
            EthernetHeader.Ipv4 => AcceptIpv4(packet, ref slot, received, sender, table, mtu),
            EthernetHeader.Ipv6 => AcceptIpv6(packet, ref slot, received, sender, table, mtu),
            _ => DropReason.UnhandledProto,
        };
    }

    private static DropReason AcceptIpv4(
        Span<byte> packet, ref PacketSlot slot, in ReceivedBuffer received, RemoteVtep sender, ForwardingTable table,
        int mtu)
    {
        if (packet.Length < Ipv4Header.MinLength) return DropReason.PktTooSmall;
        if (!InnerPacket.TryReadIpv4(packet, out InnerPacket inner)) return DropReason.IpInHdr;
        if (!inner.IsIpv4ChecksumValid) return DropReason.IpCsum;
        if (!table.IsAllowedSource(sender, inner.SourceV4)) return DropReason.SourceNotAllowed;
        if (!table.IsLocal(inner.DestinationV4)) return DropReason.IpInAddrErrors;
        return Describe(inner, ref slot, received, mtu);
    }

    private static DropReason AcceptIpv6(
        Span<byte> packet, ref PacketSlot slot, in ReceivedBuffer received, RemoteVtep sender, ForwardingTable table,
        int mtu)
    {
        if (packet.Length < Ipv6Header.Length) return DropReason.PktTooSmall;
        if (!InnerPacket.TryReadIpv6(packet, out InnerPacket inner)) return DropReason.IpInHdr;
        if (!table.IsAllowedSource(sender, inner.SourceV6)) return DropReason.SourceNotAllowed;
        if (!table.IsLocal(inner.DestinationV6)) return DropReason.IpInAddrErrors;
        return Describe(inner, ref slot, received, mtu);
    }

    // The last steps, which the families share: congestion marks, and what the TUN has to know of the packet.
    private static DropReason Describe(
        in InnerPacket inner, ref PacketSlot slot, in ReceivedBuffer received, int mtu)
    {
        Ecn own = inner.Ecn;
        if (!EcnDecapsulation.TryCombine(own, received.OuterEcn, out Ecn ecn)) return DropReason.IpTunnelEcn;
        if (ecn != own) inner.SetEcn(ecn);
        slot.Length = inner.Bytes.Length;
        if (!inner.HasTransport) return DropReason.None;
        slot.Protocol = inner.Protocol;
        slot.Transport = (ushort)inner.Transport;
        return OffloadInference.Describe(inner, mtu, received.SegmentSize, out slot.Offload);
    }
}
