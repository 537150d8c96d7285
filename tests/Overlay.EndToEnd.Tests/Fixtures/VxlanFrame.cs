using Overlay.Wire;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.EndToEnd.Tests.Fixtures;

/// <summary>An Ethernet frame of the underlay that carries VXLAN.</summary>
/// <param name="Number">As tshark counts: from 1.</param>
/// <param name="OuterSource">Who sent it.</param>
/// <param name="OuterEcn">The outer header's ECN field.</param>
/// <param name="Datagram">The UDP payload: from the VXLAN header on.</param>
internal sealed record VxlanFrame(int Number, IpAddress OuterSource, Ecn OuterEcn, byte[] Datagram)
{
    /// <summary>The packet that was encapsulated.</summary>
    public byte[] Inner => Datagram[VxlanOverhead.InPayload..];

    public IpFamily InnerFamily => (IpFamily)(Inner[0] >> 4);

    public static VxlanFrame Parse(int number, byte[] frame)
    {
        EthernetHeader.TryParse(frame, out EthernetHeader ethernet).ShouldBeTrue();
        if (ethernet.EtherType == EthernetHeader.Ipv4)
        {
            Ipv4Header.TryParse(ethernet.Payload, out Ipv4Header ipv4).ShouldBeTrue($"frame {number}");
            return new VxlanFrame(number, ipv4.Source, ipv4.Ecn, UdpPayload(ipv4.Payload, number));
        }

        ethernet.EtherType.ShouldBe(EthernetHeader.Ipv6);
        Ipv6Header.TryParse(ethernet.Payload, out Ipv6Header ipv6).ShouldBeTrue($"frame {number}");
        return new VxlanFrame(number, ipv6.Source, ipv6.Ecn, UdpPayload(ipv6.Payload, number));
    }

    private static byte[] UdpPayload(ReadOnlySpan<byte> datagram, int number)
    {
        UdpHeader.TryParse(datagram, out UdpHeader udp).ShouldBeTrue($"frame {number}");
        udp.DestinationPort.ShouldBe((ushort)8472, $"frame {number}");
        return udp.Payload.ToArray();
    }
}
