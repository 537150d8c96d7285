using Overlay.Dataplane.Packets;
using Overlay.Wire;
using Overlay.Wire.Headers;

namespace Overlay.EndToEnd.Tests.Integrity;

/// <summary>Where the parts of an underlay's frame are that carries an inner packet in VXLAN.</summary>
/// <param name="IsIpv4">The outer header's version.</param>
/// <param name="Udp">Where the outer UDP header begins, in bytes from the start of the frame.</param>
/// <param name="Inner">Where the inner IP packet begins.</param>
internal readonly record struct UnderlayFrame(bool IsIpv4, int Udp, int Inner)
{
    /// <summary>False for all else that passes: ARP, neighbour discovery, pings between the nodes.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, int port, out UnderlayFrame frame)
    {
        frame = default;
        if (!EthernetHeader.TryParse(bytes, out EthernetHeader ethernet)) return false;
        int udp;
        if (ethernet.EtherType == EthernetHeader.Ipv4 && Ipv4Header.TryParse(ethernet.Payload, out Ipv4Header ipv4))
        {
            if (ipv4.Protocol != IpProtocol.Udp || ipv4.IsFragment) return false;
            udp = EthernetHeader.Length + ipv4.HeaderLength;
        }
        else if (ethernet.EtherType == EthernetHeader.Ipv6 && Ipv6Header.TryParse(ethernet.Payload, out Ipv6Header ipv6)
            && ipv6.NextHeader == IpProtocol.Udp) udp = EthernetHeader.Length + Ipv6Header.Length;
        else return false;

        int inner = udp + UdpHeader.HeaderLength + VxlanOverhead.InPayload;
        frame = new(ethernet.EtherType == EthernetHeader.Ipv4, udp, inner);
        return UdpHeader.TryParse(bytes[udp..], out UdpHeader outer) && outer.DestinationPort == port
            && inner < bytes.Length;
    }

    /// <summary>
    /// Which packet an IP packet is, if one that counts: a generator's datagram, or TCP with a payload.
    /// </summary>
    public static bool TryIdentify(Span<byte> packet, out PacketId id)
    {
        id = default;
        if (InnerPacket.TryRead(packet, out InnerPacket inner) != DropReason.None || !inner.HasTransport) return false;
        if (inner.Protocol == IpProtocol.Udp)
        {
            if (!UdpHeader.TryParse(inner.Segment, out UdpHeader udp)
                || !NumberedPayload.TryRead(udp.Payload, out NumberedPayload numbered))
                return false;
            id = PacketId.OfUdp(numbered);
            return true;
        }

        if (inner.Protocol != IpProtocol.Tcp || !TcpHeader.TryParse(inner.Segment, out TcpHeader tcp)
            || tcp.Payload.IsEmpty)
            return false;
        id = PacketId.OfTcp(inner.IsIpv4, tcp.SourcePort, tcp.DestinationPort, tcp.SequenceNumber, tcp.Payload.Length);
        return true;
    }
}
