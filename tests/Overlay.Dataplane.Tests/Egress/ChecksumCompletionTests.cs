using Overlay.Dataplane.Packets;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;
using static Overlay.Dataplane.Tests.TestNode;

namespace Overlay.Dataplane.Tests;

/// <summary>Checksums the pods' kernel left to the TUN, completed on the way through the encapsulator.</summary>
public class ChecksumCompletionTests
{
    private readonly EgressRig _rig = new();

    [Theory]
    [InlineData(IpFamily.IPv4, IpProtocol.Tcp)]
    [InlineData(IpFamily.IPv4, IpProtocol.Udp)]
    [InlineData(IpFamily.IPv6, IpProtocol.Tcp)]
    [InlineData(IpFamily.IPv6, IpProtocol.Udp)]
    public void A_partial_checksum_becomes_that_of_the_whole_segment(IpFamily family, byte protocol)
    {
        foreach (int payload in new[] { 0, 1, 2, 31, 32, 33, 63, 64, 65, 1399, 1400 })
        {
            PacketBuilder packet = PacketBuilder.Between(A, B, family).Protocol(protocol).Payload(payload);

            _rig.Encapsulate(packet.Checksum(ChecksumState.Partial).Build(), packet.ChecksumOffload)
                .ShouldBe(DropReason.None);

            _rig.Inner.ShouldBe(packet.Build(), $"{payload} bytes of payload");
        }
    }

    [Fact]
    public void Extension_headers_and_options_are_left_out_of_it()
    {
        PacketBuilder behindExtensions = PacketBuilder.Between(A, B, IpFamily.IPv6)
            .Extensions(IpProtocol.HopByHop, IpProtocol.DestinationOptions);
        PacketBuilder behindOptions = PacketBuilder.Between(A, B, IpFamily.IPv4).Options(10);
        foreach (PacketBuilder packet in new[] { behindExtensions, behindOptions })
        {
            _rig.Encapsulate(packet.Checksum(ChecksumState.Partial).Build(), packet.ChecksumOffload)
                .ShouldBe(DropReason.None);
            _rig.Inner.ShouldBe(packet.Build());
        }
    }

    [Fact]
    public void Link_layer_padding_is_left_out_of_it()
    {
        PacketBuilder packet = PacketBuilder.Between(A, B, IpFamily.IPv4).Payload(3);
        byte[] padded = [.. packet.Checksum(ChecksumState.Partial).Build(), 0xde, 0xad];
        _rig.Encapsulate(padded, packet.ChecksumOffload).ShouldBe(DropReason.None);
        _rig.Inner.ShouldBe(packet.Build());
    }

    /// <summary>In UDP zero means "none" (RFC 768); in TCP its twin 0xffff is as good.</summary>
    [Theory]
    [InlineData(IpFamily.IPv4, IpProtocol.Udp)]
    [InlineData(IpFamily.IPv6, IpProtocol.Udp)]
    [InlineData(IpFamily.IPv4, IpProtocol.Tcp)]
    [InlineData(IpFamily.IPv6, IpProtocol.Tcp)]
    public void A_checksum_of_zero_is_sent_as_ffff(IpFamily family, byte protocol)
    {
        // The checksum of the packet with a zero word is the word that makes all of it add up to zero.
        PacketBuilder packet = PacketBuilder.Between(A, B, family).Protocol(protocol).Payload(new byte[2]);
        int field = packet.TransportOffset + packet.ChecksumOffset;
        packet = packet.Payload(packet.Build()[field..(field + 2)]);

        _rig.Encapsulate(packet.Checksum(ChecksumState.Partial).Build(), packet.ChecksumOffload)
            .ShouldBe(DropReason.None);

        _rig.Inner[field..(field + 2)].ShouldBe([0xff, 0xff]);
    }

    [Theory]
    [InlineData(ChecksumState.Wrong)]
    [InlineData(ChecksumState.Zero)]
    [InlineData(ChecksumState.Partial)]
    public void A_checksum_the_tun_says_nothing_of_is_not_touched(ChecksumState state)
    {
        byte[] packet = PacketBuilder.Between(A, B, IpFamily.IPv4).Checksum(state).Build();
        _rig.Encapsulate(packet).ShouldBe(DropReason.None);
        _rig.Inner.ShouldBe(packet);
    }

    [Fact]
    public void A_field_outside_the_packet_is_refused()
    {
        byte[] packet = PacketBuilder.Between(A, B, IpFamily.IPv4).Build();
        ushort end = (ushort)packet.Length;
        (ushort Start, ushort Offset)[] outside =
            [(end, 0), ((ushort)(end - 1), 0), (0, end), (0, (ushort)(end - 1)), (20, (ushort)(end - 21)), (0xffff, 0),
                (0, 0xffff), (0xffff, 0xffff)];
        foreach ((ushort start, ushort offset) in outside)
        {
            VirtioNetHeader offload = new(VirtioNetHeader.NeedsChecksum, VirtioNetHeader.GsoNone, 0, 0, start, offset);
            _rig.Encapsulate(packet, offload).ShouldBe(DropReason.SkbGsoSeg, $"start {start}, offset {offset}");

            // Bytes that lie behind the packet's end are not the packet's, whatever the read brought along.
            _rig.Encapsulate([.. packet, 0], offload)
                .ShouldBe(DropReason.SkbGsoSeg, $"padded: start {start}, offset {offset}");
        }

        _rig.Encapsulate(
            packet, new(VirtioNetHeader.NeedsChecksum, VirtioNetHeader.GsoNone, 0, 0, 20, (ushort)(end - 22)))
            .ShouldBe(DropReason.None, "the packet's last two bytes");
    }
    /// <summary>A "checksum" over the destination would send the packet to where the table does not lead.</summary>
    [Theory]
    [InlineData(IpFamily.IPv4, 0, 16)]
    [InlineData(IpFamily.IPv4, 19, 2)]
    [InlineData(IpFamily.IPv4, 20, 2)]
    [InlineData(IpFamily.IPv6, 0, 24)]
    [InlineData(IpFamily.IPv6, 39, 2)]
    public void A_field_in_the_ip_header_is_refused(IpFamily family, ushort start, ushort offset)
    {
        byte[] packet = PacketBuilder.Between(A, B, family).Options(1).Build();
        _rig.Encapsulate(
            packet, new(VirtioNetHeader.NeedsChecksum, VirtioNetHeader.GsoNone, 0, 0, start, offset))
            .ShouldBe(DropReason.SkbGsoSeg);
    }
}
