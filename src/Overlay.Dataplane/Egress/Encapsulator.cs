using Overlay.Wire;

namespace Overlay.Dataplane;

/// <summary>IP packets from the TUN become VXLAN datagrams, in place: parse, look up, prepend. No I/O.</summary>
/// <remarks>Next in line: <see cref="EgressWorker"/> hands the batch to the underlay.</remarks>
public sealed class Encapsulator(Vtep vtep)
{
    /// <summary>Bytes put in front of the inner packet: VXLAN (8) and Ethernet (14).</summary>
    public const int Overhead = VxlanHeader.Length + EthernetHeader.Length;

    /// <summary>Gives every slot either a peer and its VXLAN header, or a verdict.</summary>
    public void Encapsulate(PacketBatch batch, ForwardingTable table)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            ref PacketSlot slot = ref batch[i];
            slot.Verdict = Route(batch.Packet(i), ref slot, table, out ushort etherType);
            if (slot.Verdict == DropReason.None) Prepend(batch.Buffer(i), ref slot, etherType);
        }
    }

    private static DropReason Route(Span<byte> packet, ref PacketSlot slot, ForwardingTable table, out ushort etherType)
    {
        etherType = 0;
        if (packet.IsEmpty) return DropReason.PktTooSmall;
        switch (packet[0] >> 4)
        {
            case 4:
                if (!Ipv4Header.TryParse(packet, out Ipv4Header ipv4)) return DropReason.IpInHdr;
                etherType = EthernetHeader.Ipv4;
                slot.Remote = table.Lookup(ipv4.Destination);
                slot.Length = ipv4.TotalLength;
                slot.OuterEcn = ipv4.Ecn;
                slot.FlowHash = FlowHash.Of(ipv4);
                break;
            case 6:
                if (!Ipv6Header.TryParse(packet, out Ipv6Header ipv6)) return DropReason.IpInHdr;
                etherType = EthernetHeader.Ipv6;
                slot.Remote = table.Lookup(ipv6.Destination);
                slot.Length = ipv6.TotalLength;
                slot.OuterEcn = ipv6.Ecn;
                slot.FlowHash = FlowHash.Of(ipv6);
                break;
            default:
                return DropReason.UnhandledProto;
        }

        if (slot.Remote is null) return DropReason.IpOutNoRoutes;
        if (slot.Offload.GsoType != VirtioNetHeader.GsoNone) return DropReason.SkbGsoSeg;
        if ((slot.Offload.Flags & VirtioNetHeader.NeedsChecksum) != 0
            && !ChecksumCompletion.TryComplete(packet[..slot.Length], slot.Offload)) return DropReason.SkbGsoSeg;
        return DropReason.None;
    }

    private void Prepend(Span<byte> buffer, ref PacketSlot slot, ushort etherType)
    {
        slot.Offset -= Overhead;
        slot.Length += Overhead;
        Span<byte> headers = buffer.Slice(slot.Offset, Overhead);
        VxlanHeader.Write(headers, vtep.Vni);
        EthernetHeader.Write(headers[VxlanHeader.Length..], slot.Remote!.Mac, vtep.Mac, etherType);
    }
}
