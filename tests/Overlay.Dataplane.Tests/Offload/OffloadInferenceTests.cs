using Overlay.Dataplane.Offload;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;
using static Overlay.Dataplane.Tests.TestNode;

namespace Overlay.Dataplane.Tests;

/// <summary>What the TUN is told of a decapsulated packet, seen through the decapsulator that asks for it.</summary>
public class OffloadInferenceTests
{
    private const byte Ack = 0x10;
    private const byte Cwr = 0x80;

    private readonly IngressRig _rig = new();

    /// <summary>Both families and both transports, with and without headers between IP and transport.</summary>
    public static TheoryData<IpFamily, byte, bool> Transports => new()
    {
        { IpFamily.IPv4, IpProtocol.Tcp, false },
        { IpFamily.IPv4, IpProtocol.Tcp, true },
        { IpFamily.IPv4, IpProtocol.Udp, false },
        { IpFamily.IPv4, IpProtocol.Udp, true },
        { IpFamily.IPv6, IpProtocol.Tcp, false },
        { IpFamily.IPv6, IpProtocol.Tcp, true },
        { IpFamily.IPv6, IpProtocol.Udp, false },
        { IpFamily.IPv6, IpProtocol.Udp, true },
    };

    [Theory]
    [MemberData(nameof(Transports))]
    public void A_packet_with_a_whole_checksum_passes_without_flags(IpFamily family, byte protocol, bool extended) =>
        ShouldPassUntouched(Packet(family, protocol, extended).TotalLength(IngressRig.Mtu), default);

    [Theory]
    [MemberData(nameof(Transports))]
    public void A_partial_checksum_is_announced(IpFamily family, byte protocol, bool extended)
    {
        PacketBuilder packet = Packet(family, protocol, extended).Checksum(ChecksumState.Partial);
        foreach (int length in new[] { packet.HeaderLength, packet.HeaderLength + 1, IngressRig.Mtu })
            ShouldPassUntouched(packet.TotalLength(length), packet.ChecksumOffload);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void A_wrong_checksum_is_passed_on_for_the_pod_to_find(IpFamily family, byte protocol, bool extended) =>
        ShouldPassUntouched(
            Packet(family, protocol, extended).TotalLength(IngressRig.Mtu).Checksum(ChecksumState.Wrong), default);

    [Theory]
    [InlineData(IpFamily.IPv4, 2000)]
    [InlineData(IpFamily.IPv6, 2000)]
    [InlineData(IpFamily.IPv4, 500)]
    public void A_udp_checksum_of_zero_stays_zero(IpFamily family, int length) =>
        ShouldPassUntouched(
            PacketBuilder.Between(B, A, family).TotalLength(length).Checksum(ChecksumState.Zero), default);

    [Theory]
    [InlineData(IpFamily.IPv4, false)]
    [InlineData(IpFamily.IPv6, false)]
    [InlineData(IpFamily.IPv4, true)]
    [InlineData(IpFamily.IPv6, true)]
    public void A_tcp_super_packet_is_described_for_segmentation(IpFamily family, bool extended)
    {
        PacketBuilder packet = Packet(family, IpProtocol.Tcp, extended).Checksum(ChecksumState.Partial);
        foreach (int length in new[] { IngressRig.Mtu + 1, 7042, 65_000 })
            ShouldPassUntouched(packet.TotalLength(length), Segmentation(packet, family));
    }

    [Theory]
    [InlineData(IpFamily.IPv4, false)]
    [InlineData(IpFamily.IPv6, false)]
    [InlineData(IpFamily.IPv6, true)]
    public void A_super_packets_whole_checksum_becomes_partial(IpFamily family, bool extended)
    {
        PacketBuilder packet = Packet(family, IpProtocol.Tcp, extended).TotalLength(7043);

        _rig.DecapsulateFromB(packet.Build()).ShouldBe(DropReason.None);

        _rig.Slot.Offload.ShouldBe(Segmentation(packet, family));
        _rig.Packet.ToArray().ShouldBe(packet.Checksum(ChecksumState.Partial).Build());
    }

    [Theory]
    [InlineData(IpFamily.IPv4, ChecksumState.Wrong)]
    [InlineData(IpFamily.IPv6, ChecksumState.Wrong)]
    [InlineData(IpFamily.IPv4, ChecksumState.Zero)]
    public void A_super_packet_with_a_wrong_checksum_is_dropped(IpFamily family, ChecksumState state) =>
        _rig.DecapsulateFromB(Packet(family, IpProtocol.Tcp).TotalLength(7042).Checksum(state).Build())
            .ShouldBe(DropReason.TcpCsum);

    [Theory]
    [InlineData(IpFamily.IPv4, ChecksumState.Partial)]
    [InlineData(IpFamily.IPv6, ChecksumState.Complete)]
    public void A_super_packet_that_says_its_window_was_reduced_says_so_once(IpFamily family, ChecksumState state)
    {
        PacketBuilder packet = Packet(family, IpProtocol.Tcp).TotalLength(7042).TcpFlags(Ack | Cwr).Checksum(state);
        VirtioNetHeader plain = Segmentation(packet, family);
        _rig.DecapsulateFromB(packet.Build()).ShouldBe(DropReason.None);
        _rig.Slot.Offload.ShouldBe(plain with { GsoType = (byte)(plain.GsoType | VirtioNetHeader.GsoEcn) });
    }

    /// <summary>A fragment's checksum covers bytes that are not in it, so the field cannot be judged.</summary>
    [Theory]
    [InlineData(IpFamily.IPv4, 0, true)]
    [InlineData(IpFamily.IPv4, 8, false)]
    [InlineData(IpFamily.IPv4, 1480, true)]
    [InlineData(IpFamily.IPv6, 0, true)]
    [InlineData(IpFamily.IPv6, 8, false)]
    [InlineData(IpFamily.IPv6, 1480, true)]
    public void A_fragment_is_passed_on_as_it_is(IpFamily family, int offset, bool more)
    {
        foreach (ChecksumState state in Enum.GetValues<ChecksumState>())
            ShouldPassUntouched(
                Packet(family, IpProtocol.Tcp).Checksum(state).Fragment(offset, more).TotalLength(2000), default);
    }

    [Theory]
    [InlineData(IpFamily.IPv4)]
    [InlineData(IpFamily.IPv6)]
    public void Icmp_is_passed_on_as_it_is(IpFamily family) =>
        ShouldPassUntouched(Packet(family, IpProtocol.Icmp).TotalLength(2000), default);

    [Fact]
    public void A_chain_of_extension_headers_that_does_not_end_is_passed_on_as_it_is() => ShouldPassUntouched(
        Packet(IpFamily.IPv6, IpProtocol.Tcp).Checksum(ChecksumState.Partial)
            .Extensions([.. Enumerable.Repeat(IpProtocol.DestinationOptions, Ipv6Header.MaxExtensionHeaders + 1)]),
        default);

    [Fact]
    public void A_partial_checksum_is_recognised_in_front_of_padding()
    {
        PacketBuilder packet = Packet(IpFamily.IPv4, IpProtocol.Tcp).Payload(1).Checksum(ChecksumState.Partial);
        _rig.Decapsulate(DatagramBuilder.Between(B, A, packet.Build()).Padding(5).Build()).ShouldBe(DropReason.None);
        _rig.Slot.Offload.ShouldBe(packet.ChecksumOffload);
    }

    [Fact]
    public void A_link_that_headers_alone_fill_gets_no_super_packet()
    {
        byte[] packet = Packet(IpFamily.IPv4, IpProtocol.Tcp).Checksum(ChecksumState.Partial).TotalLength(100).Build();
        OffloadInference.Describe(packet.AsInner(), mtu: 40, segmentSize: 0, out VirtioNetHeader offload)
            .ShouldBe(DropReason.None);
        offload.GsoType.ShouldBe(VirtioNetHeader.GsoNone);
    }

    private static PacketBuilder Packet(IpFamily family, byte protocol, bool extended = false)
    {
        PacketBuilder packet = PacketBuilder.Between(B, A, family).Protocol(protocol);
        if (!extended) return packet;
        return family == IpFamily.IPv4
            ? packet.Options(3)
            : packet.Extensions(IpProtocol.HopByHop, IpProtocol.DestinationOptions);
    }

    private static VirtioNetHeader Segmentation(PacketBuilder packet, IpFamily family) => new(
        VirtioNetHeader.NeedsChecksum,
        family == IpFamily.IPv4 ? (byte)1 : (byte)4,
        HeaderLength: (ushort)packet.HeaderLength,
        GsoSize: (ushort)(IngressRig.Mtu - packet.HeaderLength),
        ChecksumStart: (ushort)packet.TransportOffset,
        ChecksumOffset: 16);

    private void ShouldPassUntouched(PacketBuilder packet, VirtioNetHeader offload)
    {
        byte[] inner = packet.Build();
        _rig.DecapsulateFromB(inner).ShouldBe(DropReason.None);
        _rig.Slot.Offload.ShouldBe(offload);
        _rig.Packet.SequenceEqual(inner).ShouldBeTrue("the packet was changed");
    }
}
