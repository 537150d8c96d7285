using Overlay.Wire;

namespace Overlay.Dataplane;

/// <summary>VXLAN datagrams become IP packets for the TUN, in place, if they pass every check. No I/O.</summary>
/// <remarks>
/// The checks run from the outside in: a known VTEP, our VNI, a frame for us, sound headers, a source the sender
/// may use, a destination of ours. Next in line: <see cref="IngressWorker"/> writes the batch to the TUN.
/// </remarks>
/// <param name="vtep">Whose frames are accepted.</param>
/// <param name="podMtu">See <see cref="PodMtu"/>.</param>
public sealed class Decapsulator(Vtep vtep, int podMtu)
{
    private const int Overhead = Encapsulator.Overhead;

    private volatile int _podMtu = podMtu;

    /// <summary>Bytes of the largest packet that local pods' links take: larger TCP packets are marked for segmentation.</summary>
    /// <remarks>May be changed by any thread; too large a value makes the kernel refuse what it should forward.</remarks>
    public int PodMtu
    {
        get => _podMtu;
        set => _podMtu = value;
    }

    /// <summary>Leaves every slot with an inner packet and its offload header, or with a verdict.</summary>
    public void Decapsulate(PacketBatch batch, ForwardingTable table)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            ref PacketSlot slot = ref batch[i];
            slot.Verdict = Accept(batch.Packet(i), ref slot, table);
        }
    }

    private DropReason Accept(Span<byte> datagram, ref PacketSlot slot, ForwardingTable table)
    {
        if (!table.Fdb.TryFind(slot.OuterSource, out RemoteVtep? sender)) return DropReason.UnknownVtep;
        if (!VxlanHeader.TryParse(datagram, out VxlanHeader vxlan)) return DropReason.PktTooSmall;
        if (!vxlan.IsValid) return DropReason.VxlanInvalidHdr;
        if (vxlan.Vni != vtep.Vni) return DropReason.VxlanVniNotFound;
        if (!EthernetHeader.TryParse(vxlan.Payload, out EthernetHeader ethernet)) return DropReason.PktTooSmall;
        MacAddress source = ethernet.Source;
        if (source.IsZero || source.IsMulticast) return DropReason.MacInvalidSource;
        if (source == vtep.Mac) return DropReason.LocalMac;
        if (ethernet.Destination != vtep.Mac) return DropReason.OtherHost;

        Span<byte> packet = datagram[Overhead..];
        DropReason verdict = ethernet.EtherType switch
        {
            EthernetHeader.Ipv4 => AcceptIpv4(packet, ref slot, sender, table),
            EthernetHeader.Ipv6 => AcceptIpv6(packet, ref slot, sender, table),
            _ => DropReason.UnhandledProto,
        };
        slot.Offset += Overhead;
        return verdict;
    }

    private DropReason AcceptIpv4(Span<byte> packet, ref PacketSlot slot, RemoteVtep sender, ForwardingTable table)
    {
        if (packet.Length < Ipv4Header.MinLength) return DropReason.PktTooSmall;
        if (!Ipv4Header.TryParse(packet, out Ipv4Header ip)) return DropReason.IpInHdr;
        if (!ip.IsChecksumValid) return DropReason.IpCsum;
        if (!table.IsAllowedSource(sender, ip.Source)) return DropReason.SourceNotAllowed;
        if (!table.IsLocal(ip.Destination)) return DropReason.IpInAddrErrors;
        if (!EcnDecapsulation.TryCombine(ip.Ecn, slot.OuterEcn, out Ecn ecn)) return DropReason.IpTunnelEcn;
        if (ecn != ip.Ecn) Ipv4Header.SetEcn(packet, ecn);

        packet = packet[..ip.TotalLength];
        slot.Length = packet.Length;
        slot.Offload = default;
        if (ip.IsFragment) return DropReason.None;
        uint pseudoHeader = InternetChecksum.PseudoHeader(ip.Source, ip.Destination, ip.Protocol, ip.Payload.Length);
        return SuperPacket.Describe(packet, ip.HeaderLength, ip.Protocol, pseudoHeader, _podMtu, out slot.Offload);
    }

    private DropReason AcceptIpv6(Span<byte> packet, ref PacketSlot slot, RemoteVtep sender, ForwardingTable table)
    {
        if (packet.Length < Ipv6Header.Length) return DropReason.PktTooSmall;
        if (!Ipv6Header.TryParse(packet, out Ipv6Header ip)) return DropReason.IpInHdr;
        if (!table.IsAllowedSource(sender, ip.Source)) return DropReason.SourceNotAllowed;
        if (!table.IsLocal(ip.Destination)) return DropReason.IpInAddrErrors;
        if (!EcnDecapsulation.TryCombine(ip.Ecn, slot.OuterEcn, out Ecn ecn)) return DropReason.IpTunnelEcn;
        if (ecn != ip.Ecn) Ipv6Header.SetEcn(packet, ecn);

        packet = packet[..ip.TotalLength];
        slot.Length = packet.Length;
        slot.Offload = default;
        if (!ip.TryFindUpperLayer(out byte protocol, out int transport, out bool isFragment) || isFragment)
            return DropReason.None;
        uint pseudoHeader = InternetChecksum.PseudoHeader(ip.Source, ip.Destination, protocol, packet.Length - transport);
        return SuperPacket.Describe(packet, transport, protocol, pseudoHeader, _podMtu, out slot.Offload);
    }
}
