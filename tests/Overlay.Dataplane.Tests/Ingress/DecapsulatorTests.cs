using System.Buffers.Binary;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Ingress;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;
using static Overlay.Dataplane.Tests.TestNode;

namespace Overlay.Dataplane.Tests;

public class DecapsulatorTests
{
    private const int LargestDatagram = 65_535 - 20 - 8;

    private readonly IngressRig _rig = new();

    [Fact]
    public void Each_frame_gets_its_verdict_and_each_accepted_one_yields_its_packet()
    {
        foreach (IngressFrame frame in IngressFrame.All)
        {
            _rig.Decapsulate(frame.Datagram, frame.OuterSource, frame.OuterEcn).ShouldBe(frame.Verdict, frame.Name);
            if (frame.Verdict == DropReason.None) _rig.Packet.ToArray().ShouldBe(frame.Packet, frame.Name);
        }
    }

    [Theory]
    [InlineData(IpFamily.IPv4)]
    [InlineData(IpFamily.IPv6)]
    public void A_valid_datagram_yields_its_inner_packet(IpFamily family)
    {
        byte[] inner = Inner(family).Build();
        _rig.DecapsulateFromB(inner).ShouldBe(DropReason.None);
        _rig.Packet.ToArray().ShouldBe(inner);
        _rig.Slot.Offset.ShouldBe(PacketBatch.Headroom + 22);
        _rig.Slot.Offload.ShouldBe(default);
    }

    [Theory]
    [InlineData(IpFamily.IPv4)]
    [InlineData(IpFamily.IPv6)]
    public void Any_vtep_of_a_node_may_carry_its_pods(IpFamily family)
    {
        byte[] datagram = Valid(Inner(family).Build()).Build();
        _rig.Decapsulate(datagram, B.Remote.Address).ShouldBe(DropReason.None);
        _rig.Decapsulate(datagram, B.RemoteV6.Address).ShouldBe(DropReason.None);
    }

    [Fact]
    public void A_frame_for_the_mac_of_the_ipv6_vtep_is_accepted_over_either_underlay()
    {
        byte[] datagram = Valid(Inner(IpFamily.IPv6).Build()).DestinationMac("02:99:88:77:66:01").Build();
        _rig.Decapsulate(datagram, B.RemoteV6.Address).ShouldBe(DropReason.None);
        _rig.Decapsulate(datagram, B.Remote.Address).ShouldBe(DropReason.None);
        _rig.Decapsulate(Valid(Inner(IpFamily.IPv6).Build()).SourceMac("02:99:88:77:66:01").Build())
            .ShouldBe(DropReason.LocalMac);
    }

    [Theory]
    [InlineData("192.168.77.9")]
    [InlineData("192.168.77.1")]
    [InlineData("fd77::9")]
    [InlineData("0.0.0.0")]
    public void An_outer_source_that_is_no_peer_is_dropped(string outerSource) =>
        _rig.Decapsulate(Valid(Inner(IpFamily.IPv4).Build()).Build(), IpAddress.Parse(outerSource))
            .ShouldBe(DropReason.UnknownVtep);

    [Fact]
    public void A_table_without_an_own_end_of_the_tunnels_knows_no_peer()
    {
        PacketBatch batch = new(1);
        batch.PutDatagram(Valid(Inner(IpFamily.IPv4).Build()).Build(), B.Remote.Address, Ecn.NotEct);
        Decapsulator.Decapsulate(
            batch, new ForwardingTableBuilder().AddLocal(A.PodsV4).AddRoute(B.PodsV4, B.Remote).Build());
        batch[0].Verdict.ShouldBe(DropReason.UnknownVtep);
    }

    [Fact]
    public void A_clear_i_flag_is_dropped() =>
        _rig.Decapsulate(Valid(Inner(IpFamily.IPv4).Build()).Flags(0).Build()).ShouldBe(DropReason.VxlanInvalidHdr);

    [Fact]
    public void Each_reserved_bit_that_is_set_is_dropped()
    {
        const uint IFlag = 0x0800_0000;
        DatagramBuilder valid = Valid(Inner(IpFamily.IPv4).Build());
        for (int bit = 0; bit < 32; bit++)
        {
            uint reserved = 1u << bit;
            if (reserved != IFlag)
                _rig.Decapsulate(valid.Flags(IFlag | reserved).Build())
                    .ShouldBe(DropReason.VxlanInvalidHdr, $"bit {bit}");
            if (bit < 8)
                _rig.Decapsulate(valid.VniWord((Network.Value << 8) | reserved).Build())
                    .ShouldBe(DropReason.VxlanInvalidHdr, $"VNI word, bit {bit}");
        }
    }

    [Fact]
    public void Another_vni_in_any_bit_is_dropped()
    {
        for (int bit = 8; bit < 32; bit++)
        {
            uint word = (Network.Value << 8) ^ (1u << bit);
            _rig.Decapsulate(Valid(Inner(IpFamily.IPv4).Build()).VniWord(word).Build())
                .ShouldBe(DropReason.VxlanVniNotFound, $"bit {bit}");
        }
    }

    [Theory]
    [InlineData("00:00:00:00:00:00", DropReason.MacInvalidSource)]
    [InlineData("ff:ff:ff:ff:ff:ff", DropReason.MacInvalidSource)]
    [InlineData("01:00:5e:00:00:01", DropReason.MacInvalidSource)]
    [InlineData("03:11:22:33:44:02", DropReason.MacInvalidSource)]
    [InlineData("02:11:22:33:44:01", DropReason.LocalMac)]
    public void An_impossible_source_mac_is_dropped(string mac, DropReason reason) =>
        _rig.Decapsulate(Valid(Inner(IpFamily.IPv4).Build()).SourceMac(mac).Build()).ShouldBe(reason);

    [Theory]
    [InlineData("02:11:22:33:44:03")]
    [InlineData("02:11:22:33:44:00")]
    [InlineData("03:11:22:33:44:01")]
    [InlineData("ff:ff:ff:ff:ff:ff")]
    [InlineData("00:00:00:00:00:00")]
    public void A_frame_for_another_mac_is_dropped(string mac) =>
        _rig.Decapsulate(Valid(Inner(IpFamily.IPv4).Build()).DestinationMac(mac).Build())
            .ShouldBe(DropReason.OtherHost);

    [Theory]
    [InlineData(0x0806, "ARP")]
    [InlineData(0x8100, "802.1Q")]
    [InlineData(0x88cc, "LLDP")]
    [InlineData(0x0000, "802.3 length")]
    public void A_frame_that_is_not_ip_is_dropped(int etherType, string what) =>
        _rig.Decapsulate(Valid(Inner(IpFamily.IPv4).Build()).EtherType((ushort)etherType).Build())
            .ShouldBe(DropReason.UnhandledProto, what);

    [Theory]
    [InlineData(IpFamily.IPv4)]
    [InlineData(IpFamily.IPv6)]
    public void A_packet_of_another_version_than_its_ether_type_is_dropped(IpFamily family)
    {
        byte[] inner = Inner(family).Build();
        ushort etherType = family == IpFamily.IPv4 ? EthernetHeader.Ipv4 : EthernetHeader.Ipv6;
        foreach (int version in Enumerable.Range(0, 16).Where(version => version != (int)family))
        {
            inner[0] = (byte)((version << 4) | (inner[0] & 0x0f));
            _rig.Decapsulate(Valid(inner).EtherType(etherType).Build())
                .ShouldBe(DropReason.IpInHdr, $"version {version}");
        }
    }

    [Fact]
    public void Each_wrong_bit_of_an_ipv4_header_checksum_is_dropped()
    {
        byte[] inner = Inner(IpFamily.IPv4).Build();
        for (int bit = 0; bit < 16; bit++)
        {
            byte[] damaged = [.. inner];
            damaged[10 + (bit / 8)] ^= (byte)(1 << (bit % 8));
            _rig.DecapsulateFromB(damaged).ShouldBe(DropReason.IpCsum, $"bit {bit}");
        }
    }

    [Theory]
    [InlineData(IpFamily.IPv4, "10.9.0.1", "nobody's")]
    [InlineData(IpFamily.IPv4, "10.244.3.10", "another peer's pod")]
    [InlineData(IpFamily.IPv4, "10.244.1.11", "our own pod")]
    [InlineData(IpFamily.IPv4, "127.0.0.1", "loopback")]
    [InlineData(IpFamily.IPv6, "fd00:9::1", "nobody's")]
    [InlineData(IpFamily.IPv6, "fd00:10:244:3::10", "another peer's pod")]
    [InlineData(IpFamily.IPv6, "fd00:10:244:1::11", "our own pod")]
    [InlineData(IpFamily.IPv6, "::1", "loopback")]
    public void An_inner_source_that_is_not_the_senders_is_dropped(IpFamily family, string source, string whose) =>
        _rig.DecapsulateFromB(Inner(family).From(source).Build()).ShouldBe(DropReason.SourceNotAllowed, whose);

    [Theory]
    [InlineData(IpFamily.IPv4, "10.9.0.1", "nobody's")]
    [InlineData(IpFamily.IPv4, "10.244.3.10", "a peer's pod")]
    [InlineData(IpFamily.IPv4, "10.244.2.11", "the sender's own pod")]
    [InlineData(IpFamily.IPv4, "255.255.255.255", "broadcast")]
    [InlineData(IpFamily.IPv6, "fd00:9::1", "nobody's")]
    [InlineData(IpFamily.IPv6, "fd00:10:244:3::10", "a peer's pod")]
    [InlineData(IpFamily.IPv6, "fd00:10:244:2::11", "the sender's own pod")]
    [InlineData(IpFamily.IPv6, "ff02::1", "multicast")]
    public void An_inner_destination_that_is_not_ours_is_dropped(IpFamily family, string destination, string whose) =>
        _rig.DecapsulateFromB(Inner(family).To(destination).Build()).ShouldBe(DropReason.IpInAddrErrors, whose);

    [Theory]
    [InlineData(IpFamily.IPv4, IpProtocol.Tcp)]
    [InlineData(IpFamily.IPv4, IpProtocol.Udp)]
    [InlineData(IpFamily.IPv6, IpProtocol.Tcp)]
    [InlineData(IpFamily.IPv6, IpProtocol.Udp)]
    public void A_datagram_cut_at_any_byte_is_dropped(IpFamily family, byte protocol)
    {
        byte[] datagram = Valid(Inner(family).Protocol(protocol).Build()).Build();
        for (int length = 0; length < datagram.Length; length++)
        {
            bool endsBeforeIpHeader = length < 22 + (family == IpFamily.IPv4 ? 20 : 40);
            _rig.Decapsulate(datagram.AsSpan(0, length))
                .ShouldBe(endsBeforeIpHeader ? DropReason.PktTooSmall : DropReason.IpInHdr, $"cut at {length}");
        }
    }

    [Theory]
    [InlineData(IpFamily.IPv4)]
    [InlineData(IpFamily.IPv6)]
    public void Link_layer_padding_is_trimmed(IpFamily family)
    {
        byte[] inner = Inner(family).Payload(1).Build();
        _rig.Decapsulate(Valid(inner).Padding(17).Build()).ShouldBe(DropReason.None);
        _rig.Packet.ToArray().ShouldBe(inner);
    }

    [Fact]
    public void Sixty_four_kilobytes_of_zeros_are_dropped_at_every_depth()
    {
        byte[] zeros = new byte[LargestDatagram];
        _rig.Decapsulate(zeros).ShouldBe(DropReason.VxlanInvalidHdr);
        _rig.Decapsulate(zeros, IpAddress.Parse("192.168.77.9")).ShouldBe(DropReason.UnknownVtep);

        byte[] inner = new byte[LargestDatagram - 22];
        _rig.Decapsulate(Valid(inner).EtherType(EthernetHeader.Ipv4).Build()).ShouldBe(DropReason.IpInHdr);
        _rig.Decapsulate(Valid(inner).EtherType(EthernetHeader.Ipv6).Build()).ShouldBe(DropReason.IpInHdr);

        // A header that promises all of it, and nothing sound behind.
        PacketBuilder longest = Inner(IpFamily.IPv6)
            .Protocol(IpProtocol.Tcp).Checksum(ChecksumState.Zero).TotalLength(inner.Length);
        byte[] promise = longest.Build();
        promise.AsSpan(40).Clear();
        _rig.DecapsulateFromB(promise).ShouldBe(DropReason.None, "a TCP header of nothing is the pod's to refuse");
        _rig.Slot.Offload.ShouldBe(default);
    }

    [Theory]
    [InlineData(IpFamily.IPv4)]
    [InlineData(IpFamily.IPv6)]
    public void The_largest_datagram_passes_whole(IpFamily family)
    {
        byte[] inner = Inner(family).Payload(0).TotalLength(LargestDatagram - 22).Build();
        _rig.DecapsulateFromB(inner).ShouldBe(DropReason.None);
        _rig.Packet.SequenceEqual(inner).ShouldBeTrue();
    }

    [Fact]
    public void What_an_earlier_packet_left_in_the_slot_does_not_show()
    {
        PacketBuilder super = Inner(IpFamily.IPv4).Protocol(IpProtocol.Tcp).TotalLength(4000);
        _rig.DecapsulateFromB(super.Build()).ShouldBe(DropReason.None);
        _rig.Slot.Offload.GsoType.ShouldBe(VirtioNetHeader.GsoTcpv4);

        PacketBuilder plainIpv4 = Inner(IpFamily.IPv4);
        foreach (PacketBuilder plain in new[] { plainIpv4, plainIpv4.Fragment(8, more: true), Inner(IpFamily.IPv6)
            .Fragment(8, more: true) })
        {
            _rig.Decapsulate([]).ShouldBe(DropReason.PktTooSmall);
            _rig.DecapsulateFromB(plain.Build()).ShouldBe(DropReason.None);
            _rig.Slot.Offload.ShouldBe(default);
        }
    }

    [Fact]
    public void An_unsound_ipv4_length_is_dropped()
    {
        byte[] inner = Inner(IpFamily.IPv4).Build();
        foreach (int totalLength in new[] { 0, 19, inner.Length + 1, 0xffff })
        {
            byte[] unsound = [.. inner];
            BinaryPrimitives.WriteUInt16BigEndian(unsound.AsSpan(2), (ushort)totalLength);
            _rig.DecapsulateFromB(unsound).ShouldBe(DropReason.IpInHdr, $"total length {totalLength}");
        }
    }

    private static PacketBuilder Inner(IpFamily family) => PacketBuilder.Between(B, A, family);

    private static DatagramBuilder Valid(byte[] inner) => DatagramBuilder.Between(B, A, inner);
}
