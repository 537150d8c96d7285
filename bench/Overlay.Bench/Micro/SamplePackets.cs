using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Bench.Micro;

/// <summary>Packets as pods send them.</summary>
internal static class SamplePackets
{
    private static readonly IpAddress _pod = IpAddress.Parse("10.244.1.10");
    private static readonly IpAddress _peer = IpAddress.Parse("10.244.2.20");
    private static readonly IpAddress _podV6 = IpAddress.Parse("fd00:10:244:1::10");
    private static readonly IpAddress _peerV6 = IpAddress.Parse("fd00:10:244:2::20");

    /// <summary>UDP over IPv4 with that many bytes of payload.</summary>
    public static byte[] Ipv4Udp(int payload)
    {
        byte[] packet = new byte[Ipv4Header.MinLength + UdpHeader.HeaderLength + payload];
        Ipv4Header.Write(
            packet, tos: 0, (ushort)packet.Length, identification: 1, Ipv4Header.DontFragment, ttl: 64, IpProtocol.Udp,
            _pod.ToIpv4(), _peer.ToIpv4());
        Udp(packet.AsSpan(Ipv4Header.MinLength));
        return packet;
    }

    /// <summary>UDP over IPv6 with that many bytes of payload.</summary>
    public static byte[] Ipv6Udp(int payload)
    {
        byte[] packet = new byte[Ipv6Header.Length + UdpHeader.HeaderLength + payload];
        packet[0] = 0x60;
        packet[4] = (byte)((packet.Length - Ipv6Header.Length) >> 8);
        packet[5] = (byte)(packet.Length - Ipv6Header.Length);
        packet[6] = IpProtocol.Udp;
        packet[7] = 64;
        _ = _podV6.Write(packet.AsSpan(8));
        _ = _peerV6.Write(packet.AsSpan(24));
        Udp(packet.AsSpan(Ipv6Header.Length));
        return packet;
    }

    /// <summary>The UDP payload of a VXLAN datagram that carries such an IPv4 packet.</summary>
    public static byte[] Vxlan(int payload)
    {
        byte[] inner = Ipv4Udp(payload);
        byte[] datagram = new byte[VxlanHeader.Length + EthernetHeader.Length + inner.Length];
        VxlanHeader.Write(datagram, new Vni(1));
        EthernetHeader.Write(
            datagram.AsSpan(VxlanHeader.Length), MacAddress.Parse("02:00:00:00:00:02"),
            MacAddress.Parse("02:00:00:00:00:01"), EthernetHeader.Ipv4);
        inner.CopyTo(datagram.AsSpan(VxlanHeader.Length + EthernetHeader.Length));
        return datagram;
    }

    private static void Udp(Span<byte> datagram) =>
        UdpHeader.Write(datagram, sourcePort: 40_000, destinationPort: 5_201, (ushort)datagram.Length, checksum: 0);
}
