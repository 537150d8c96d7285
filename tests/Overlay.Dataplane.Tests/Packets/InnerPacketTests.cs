using Overlay.Dataplane.Packets;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;
using static Overlay.Dataplane.Tests.TestNode;

namespace Overlay.Dataplane.Tests;

/// <summary>Where a pod's packet has its parts.</summary>
public class InnerPacketTests
{
    [Theory]
    [InlineData(IpFamily.IPv4, IpProtocol.Tcp)]
    [InlineData(IpFamily.IPv4, IpProtocol.Udp)]
    [InlineData(IpFamily.IPv6, IpProtocol.Tcp)]
    [InlineData(IpFamily.IPv6, IpProtocol.Udp)]
    public void The_transport_header_is_found_and_padding_is_left_out(IpFamily family, byte protocol)
    {
        PacketBuilder packet = PacketBuilder.Between(A, B, family).Protocol(protocol).Ecn(Ecn.Ect1);
        byte[] bytes = packet.Build();
        byte[] padded = [.. bytes, 1, 2, 3];

        InnerPacket inner = padded.AsInner();

        inner.Bytes.ToArray().ShouldBe(bytes);
        inner.IsIpv4.ShouldBe(family == IpFamily.IPv4);
        (inner.Transport, inner.Protocol, inner.Ecn).ShouldBe((packet.TransportOffset, protocol, Ecn.Ect1));
        inner.Segment.Length.ShouldBe(bytes.Length - packet.TransportOffset);
    }

    [Theory]
    [InlineData(IpFamily.IPv4, 0, true)]
    [InlineData(IpFamily.IPv4, 1480, false)]
    [InlineData(IpFamily.IPv6, 0, true)]
    [InlineData(IpFamily.IPv6, 1480, false)]
    public void A_fragment_has_no_transport_header(IpFamily family, int offset, bool more) =>
        PacketBuilder.Between(A, B, family).Fragment(offset, more).Build().AsInner().HasTransport.ShouldBeFalse();

    [Fact]
    public void Extension_headers_are_passed_over_and_an_endless_chain_leads_to_none()
    {
        PacketBuilder packet = PacketBuilder.Between(A, B, IpFamily.IPv6);
        packet.Extensions(IpProtocol.HopByHop, IpProtocol.Routing).Build().AsInner().Protocol.ShouldBe(IpProtocol.Udp);
        byte[] endless = [.. Enumerable.Repeat(IpProtocol.DestinationOptions, Ipv6Header.MaxExtensionHeaders + 1)];
        packet.Extensions(endless).Build().AsInner().HasTransport.ShouldBeFalse();
    }

    [Fact]
    public void Packets_that_are_cut_short_or_of_no_family_are_refused()
    {
        InnerPacket.TryRead([], out _).ShouldBe(DropReason.PktTooSmall);
        InnerPacket.TryRead([0x50, 0, 0, 0], out _).ShouldBe(DropReason.UnhandledProto);
        foreach (IpFamily family in Enum.GetValues<IpFamily>())
        {
            byte[] packet = PacketBuilder.Between(A, B, family).Build();
            for (int length = 1; length < packet.Length; length++)
                InnerPacket.TryRead(packet.AsSpan(0, length), out _).ShouldBe(DropReason.IpInHdr);
        }
    }

    [Theory]
    [InlineData(IpFamily.IPv4)]
    [InlineData(IpFamily.IPv6)]
    public void Other_ecn_bits_change_nothing_else(IpFamily family)
    {
        byte[] packet = PacketBuilder.Between(A, B, family).Ecn(Ecn.Ect0).Build();
        packet.AsInner().SetEcn(Ecn.Ce);
        packet.ShouldBe(PacketBuilder.Between(A, B, family).Ecn(Ecn.Ce).Build());
    }
}
