using Overlay.Dataplane.Egress;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Packets;
using Overlay.Wire;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;
using static Overlay.Dataplane.Tests.TestNode;

namespace Overlay.Dataplane.Tests;

public class EncapsulatorTests
{
    private readonly EgressRig _rig = new();

    [Theory]
    [InlineData(IpFamily.IPv4, "0800")]
    [InlineData(IpFamily.IPv6, "86dd")]
    public void A_packet_gets_exactly_these_bytes_in_front(IpFamily family, string etherType)
    {
        byte[] packet = PacketBuilder.Between(A, B, family).Build();

        _rig.Encapsulate(packet).ShouldBe(DropReason.None);

        string header = "08000000" + "0a0b0c00" + "021122334402" + "021122334401" + etherType;
        Convert.ToHexStringLower(_rig.Datagram).ShouldBe(header + Convert.ToHexStringLower(packet));
        _rig.Slot.Offset.ShouldBe(PacketBatch.Headroom - 22);
        _rig.Slot.Length.ShouldBe(packet.Length + 22);
        _rig.Slot.Remote.ShouldBe(B.RemoteFor(family));
    }

    [Theory]
    [InlineData(IpFamily.IPv4)]
    [InlineData(IpFamily.IPv6)]
    public void The_outer_ecn_field_is_a_copy_of_the_inner(IpFamily family)
    {
        foreach (Ecn ecn in Enum.GetValues<Ecn>())
        {
            _rig.Encapsulate(PacketBuilder.Between(A, B, family).Ecn(ecn).Build()).ShouldBe(DropReason.None);
            _rig.Slot.OuterEcn.ShouldBe(ecn);
        }
    }

    [Theory]
    [InlineData(IpFamily.IPv4)]
    [InlineData(IpFamily.IPv6)]
    public void Link_layer_padding_does_not_travel(IpFamily family)
    {
        byte[] packet = PacketBuilder.Between(A, B, family).Payload(1).Build();
        foreach (int padding in new[] { 1, 7, 46 })
        {
            _rig.Encapsulate([.. packet, .. PacketBuilder.Pattern(padding)]).ShouldBe(DropReason.None);
            _rig.Inner.ShouldBe(packet);
        }
    }

    [Theory]
    [InlineData(IpFamily.IPv4, "10.9.0.1", "outside every pod CIDR")]
    [InlineData(IpFamily.IPv6, "fd00:9::1", "outside every pod CIDR")]
    [InlineData(IpFamily.IPv4, "10.244.1.11", "this node's own")]
    [InlineData(IpFamily.IPv6, "fd00:10:244:1::11", "this node's own")]
    [InlineData(IpFamily.IPv4, "224.0.0.1", "multicast")]
    [InlineData(IpFamily.IPv6, "ff02::1", "multicast")]
    public void A_destination_that_no_peer_has_is_dropped(IpFamily family, string destination, string why) =>
        _rig.Encapsulate(PacketBuilder.Between(A, B, family).To(destination).Build())
            .ShouldBe(DropReason.IpOutNoRoutes, why);

    [Fact]
    public void An_empty_packet_is_dropped() => _rig.Encapsulate([]).ShouldBe(DropReason.PktTooSmall);

    [Fact]
    public void A_packet_of_another_version_is_dropped()
    {
        byte[] packet = PacketBuilder.Between(A, B, IpFamily.IPv4).Build();
        foreach (int version in Enumerable.Range(0, 16).Except([4, 6]))
        {
            packet[0] = (byte)((version << 4) | 5);
            _rig.Encapsulate(packet).ShouldBe(DropReason.UnhandledProto, $"version {version}");
        }
    }

    [Theory]
    [InlineData(IpFamily.IPv4)]
    [InlineData(IpFamily.IPv6)]
    public void A_packet_cut_at_any_length_is_dropped(IpFamily family)
    {
        byte[] packet = PacketBuilder.Between(A, B, family).Protocol(IpProtocol.Tcp).Build();
        for (int length = 1; length < packet.Length; length++)
            _rig.Encapsulate(packet.AsSpan(0, length)).ShouldBe(DropReason.IpInHdr, $"cut at {length}");
    }

    [Theory]
    [InlineData(0, 0x44, "a header of 16 bytes")]
    [InlineData(0, 0x4f, "a header longer than the packet's total length")]
    [InlineData(3, 0x13, "a total length shorter than the header")]
    [InlineData(2, 0xff, "a total length beyond the bytes there are")]
    public void An_unsound_ipv4_header_is_dropped(int index, byte value, string what)
    {
        byte[] packet = PacketBuilder.Between(A, B, IpFamily.IPv4).Payload(0).Build();
        packet[index] = value;
        _rig.Encapsulate(packet).ShouldBe(DropReason.IpInHdr, what);
    }

    [Fact]
    public void Noise_is_dropped()
    {
        Random random = new(1);
        for (int i = 0; i < 10_000; i++)
        {
            byte[] noise = new byte[random.Next(200)];
            random.NextBytes(noise);
            VirtioNetHeader offload = VirtioNetHeader.Read(noise.Concat(new byte[VirtioNetHeader.Length]).ToArray());
            _rig.Encapsulate(noise, offload).ShouldNotBe(DropReason.None);
        }
    }

    [Theory]
    [InlineData(VirtioNetHeader.GsoTcpv4)]
    [InlineData(VirtioNetHeader.GsoTcpv4 | VirtioNetHeader.GsoEcn)]
    [InlineData(VirtioNetHeader.GsoUdpL4)]
    [InlineData(3)]
    public void A_packet_that_is_no_super_packet_of_that_kind_is_dropped(byte gsoType)
    {
        PacketBuilder packet = PacketBuilder.Between(A, B, IpFamily.IPv4).Protocol(IpProtocol.Tcp);
        _rig.Encapsulate(packet.Build(), packet.ChecksumOffload with { GsoType = gsoType })
            .ShouldBe(DropReason.SkbGsoSeg);
    }

    [Fact]
    public void A_table_without_an_own_end_of_the_tunnels_leads_nowhere()
    {
        PacketBatch batch = new(1);
        batch.PutPacket(PacketBuilder.Between(A, B, IpFamily.IPv4).Build());
        _ = Encapsulator.Encapsulate(
            batch, new ForwardingTableBuilder().AddLocal(A.PodsV4).AddRoute(B.PodsV4, B.Remote).Build());
        batch[0].Verdict.ShouldBe(DropReason.IpOutNoRoutes);
    }

    [Fact]
    public void A_batch_is_judged_slot_by_slot()
    {
        byte[] good = PacketBuilder.Between(A, B, IpFamily.IPv4).Build();
        byte[] unrouted = PacketBuilder.Between(A, C, IpFamily.IPv6).Build();
        PacketBatch batch = new(4);
        for (int round = 0; round < 2; round++)
        {
            // The second round finds the first one's verdicts in the slots, in another order.
            byte[][] packets = round == 0 ? [good, [], unrouted, good] : [unrouted, good, good, []];
            batch.Clear();
            foreach (byte[] packet in packets) batch.PutPacket(packet);

            _ = Encapsulator.Encapsulate(batch, A.TableWith(B));

            for (int i = 0; i < packets.Length; i++)
            {
                DropReason expected = packets[i] == good ? DropReason.None
                    : packets[i] == unrouted ? DropReason.IpOutNoRoutes : DropReason.PktTooSmall;
                batch[i].Verdict.ShouldBe(expected, $"round {round}, slot {i}");
                if (expected == DropReason.None) batch.Packet(i)[VxlanOverhead.InPayload..].ToArray().ShouldBe(good);
            }
        }
    }
}
