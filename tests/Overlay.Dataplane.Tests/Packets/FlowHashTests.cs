using FsCheck;
using FsCheck.Fluent;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;
using static Overlay.Dataplane.Tests.TestNode;

namespace Overlay.Dataplane.Tests;

public class FlowHashTests
{
    [Theory]
    [InlineData(IpFamily.IPv4, IpProtocol.Tcp)]
    [InlineData(IpFamily.IPv4, IpProtocol.Udp)]
    [InlineData(IpFamily.IPv6, IpProtocol.Tcp)]
    [InlineData(IpFamily.IPv6, IpProtocol.Udp)]
    public void All_packets_of_a_flow_have_one_hash(IpFamily family, byte protocol) =>
        Check.One(Config.QuickThrowOnFailure, Prop.ForAll<ushort, ushort, byte[]>((source, destination, payload) =>
        {
            PacketBuilder flow = PacketBuilder.Between(A, B, family).Protocol(protocol).Ports(source, destination);
            PacketBuilder later = flow.Payload(payload).TcpFlags(0x11).Ttl(1).Ecn(Ecn.Ce).Identification(source);
            return HashOf(flow) == HashOf(later);
        }));

    [Theory]
    [InlineData(IpFamily.IPv4)]
    [InlineData(IpFamily.IPv6)]
    public void All_fragments_of_a_packet_have_one_hash(IpFamily family)
    {
        // The ports are in the first fragment only.
        PacketBuilder packet = PacketBuilder.Between(A, B, family);
        uint first = HashOf(packet.Fragment(0, more: true));
        HashOf(packet.Fragment(40, more: true)).ShouldBe(first);
        HashOf(packet.Fragment(65_528, more: false)).ShouldBe(first);
    }

    [Fact]
    public void Ipv6_extension_headers_do_not_hide_the_ports()
    {
        PacketBuilder plain = PacketBuilder.Between(A, B, IpFamily.IPv6);
        PacketBuilder extended =
            plain.Extensions(IpProtocol.HopByHop, IpProtocol.Routing, IpProtocol.DestinationOptions);
        HashOf(extended).ShouldBe(HashOf(plain));
        HashOf(extended.Ports(1, 2)).ShouldNotBe(HashOf(extended.Ports(1, 3)));
    }

    [Fact]
    public void A_chain_of_extension_headers_that_does_not_end_is_hashed_by_its_addresses()
    {
        byte[] endless = [.. Enumerable.Repeat(IpProtocol.DestinationOptions, Ipv6Header.MaxExtensionHeaders + 1)];
        PacketBuilder packet = PacketBuilder.Between(A, B, IpFamily.IPv6).Extensions(endless);
        HashOf(packet.Ports(1, 2)).ShouldBe(HashOf(packet.Ports(3, 4)));
        HashOf(packet).ShouldNotBe(HashOf(packet.From(A.Pod(IpFamily.IPv6, 11))));
    }

    [Fact]
    public void A_transport_header_cut_short_is_hashed_without_ports()
    {
        foreach (IpFamily family in Enum.GetValues<IpFamily>())
        {
            // A fragment's payload stands where the header would; taken as a whole packet it is one of two bytes.
            byte[] packet = PacketBuilder.Between(A, B, family).Fragment(8, more: false).Payload(2).Build();
            if (family == IpFamily.IPv4) packet.AsSpan(6, 2).Clear();
            else packet.AsSpan(42, 2).Clear();
            Should.NotThrow(() => HashOf(packet));
        }
    }

    /// <summary>The pool takes the low four bits for one of its sixteen source ports.</summary>
    [Theory]
    [InlineData(IpFamily.IPv4, IpProtocol.Tcp)]
    [InlineData(IpFamily.IPv4, IpProtocol.Udp)]
    [InlineData(IpFamily.IPv6, IpProtocol.Tcp)]
    [InlineData(IpFamily.IPv6, IpProtocol.Udp)]
    public void Flows_spread_over_the_source_ports(IpFamily family, byte protocol)
    {
        PacketBuilder packet = PacketBuilder.Between(A, B, family).Protocol(protocol);
        ShouldSpread("by client port", i => packet.Ports(32_768 + i, 443));
        ShouldSpread("by server port", i => packet.Ports(40_000, 1 + i));
        ShouldSpread("by every other client port, as Linux chooses them", i => packet.Ports(32_768 + (2 * i), 443));
        ShouldSpread("by network", i =>
            packet.From(family == IpFamily.IPv4 ? $"{i % 200}.{i / 200}.0.1" : $"{0x2000 + i:x}::1"));
        ShouldSpread("by pod", i => packet.From(A.Pod(family, (uint)i % 250)).To(B.Pod(family, (uint)i / 250)));
    }

    [Theory]
    [InlineData(IpFamily.IPv4)]
    [InlineData(IpFamily.IPv6)]
    public void Tcp_and_udp_between_the_same_ports_are_two_flows(IpFamily family)
    {
        PacketBuilder packet = PacketBuilder.Between(A, B, family);
        HashOf(packet.Protocol(IpProtocol.Tcp)).ShouldNotBe(HashOf(packet.Protocol(IpProtocol.Udp)));
    }

    private static void ShouldSpread(string what, Func<int, PacketBuilder> flow)
    {
        int[] buckets = new int[16];
        for (int i = 0; i < 1000; i++) buckets[HashOf(flow(i)) & 15]++;

        // 62 is even; chance alone leaves a bucket below 30 or above 110 once in ten thousand runs.
        buckets.Min().ShouldBeGreaterThan(30, $"{what}: {string.Join(' ', buckets)}");
        buckets.Max().ShouldBeLessThan(110, $"{what}: {string.Join(' ', buckets)}");
    }

    private static uint HashOf(PacketBuilder packet) => HashOf(packet.Build());

    private static uint HashOf(byte[] packet) => FlowHash.Of(packet.AsInner());
}
