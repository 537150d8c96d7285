using Overlay.Dataplane.Offload;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;
using static Overlay.Dataplane.Tests.TestNode;

namespace Overlay.Dataplane.Tests;

/// <summary>Each segment is held, byte for byte and checksums included, against one built by itself.</summary>
public class SegmenterTests
{
    private const byte Fin = 0x01;
    private const byte Psh = 0x08;
    private const byte Ack = 0x10;
    private const byte Cwr = 0x80;

    /// <summary>Both families and both transports, with and without headers between IP and transport.</summary>
    public static TheoryData<IpFamily, byte, bool> Transports => OffloadInferenceTests.Transports;

    [Theory]
    [MemberData(nameof(Transports))]
    public void Every_segment_is_what_a_device_would_send(IpFamily family, byte protocol, bool extended)
    {
        // Even and odd segments; a last one that is full, short by one, one byte long; no second one; more than one is
        // asked for.
        (int Payload, int Size)[] shapes =
        [
            (4344, 1448), (4343, 1448), (4345, 1448), (2000, 7), (2001, 333), (128, 1), (1, 1), (1, 1400), (1400, 1400),
            (900, 65_535),
        ];
        foreach ((int payload, int size) in shapes)
            ShouldSegment(Packet(family, protocol, extended).Payload(payload), size);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void The_longest_packet_there_is_is_cut_up_whole(IpFamily family, byte protocol, bool extended)
    {
        int longest = family == IpFamily.IPv4 ? 65_535 : 65_535 + Ipv6Header.Length;
        foreach (int size in new[] { 536, 1397, 32_768 })
            ShouldSegment(Packet(family, protocol, extended).TotalLength(longest), size);
    }

    [Theory]
    [InlineData(IpFamily.IPv4)]
    [InlineData(IpFamily.IPv6)]
    public void Only_the_last_segment_ends_or_pushes_and_only_the_first_has_reduced_its_window(IpFamily family)
    {
        PacketBuilder tcp = Packet(family, IpProtocol.Tcp).Payload(300);
        for (int flags = 0; flags < 256; flags++) ShouldSegment(tcp.TcpFlags((byte)flags), 100);

        byte[][] segments = Segments(tcp.TcpFlags(Ack | Fin | Psh | Cwr), 100);
        int offset = tcp.TransportOffset + 13;
        segments.Select(segment => segment[offset]).ShouldBe([Ack | Cwr, Ack, Ack | Fin | Psh]);
    }

    [Fact]
    public void Numbers_wrap_around()
    {
        PacketBuilder packet = Packet(IpFamily.IPv4, IpProtocol.Tcp)
            .Identification(0xfffe).Sequence(uint.MaxValue - 150).Payload(600);
        ShouldSegment(packet, 100);
    }

    [Theory]
    [InlineData(IpFamily.IPv4)]
    [InlineData(IpFamily.IPv6)]
    public void Every_other_field_and_the_options_are_copies(IpFamily family)
    {
        PacketBuilder packet = Packet(family, IpProtocol.Tcp)
            .Timestamp(9).Dscp(46).Ecn(Ecn.Ce).Ttl(3).FlowLabel(0x54321)
            .Acknowledgment(0xdead_beef).Window(513).UrgentPointer(7).TcpReserved(1);
        ShouldSegment(packet.Payload(5000), 1400);
        if (family == IpFamily.IPv4) ShouldSegment(packet.MayFragment().Options(10).Payload(5000), 1400);
    }

    [Theory]
    [InlineData(IpFamily.IPv4)]
    [InlineData(IpFamily.IPv6)]
    public void A_udp_checksum_that_comes_out_as_zero_is_sent_as_ones(IpFamily family)
    {
        PacketBuilder udp = Packet(family, IpProtocol.Udp);
        int field = udp.TransportOffset + udp.ChecksumOffset;

        // A payload that begins with the checksum it has with zeros there: with it, everything adds up to nothing.
        byte[] payload = PacketBuilder.Pattern(100);
        payload[0] = payload[1] = 0;
        udp.Payload(payload).Build().AsSpan(field, 2).CopyTo(payload);

        byte[][] segments = Segments(udp.Payload([.. payload, .. payload, 1]), 100);
        segments.Length.ShouldBe(3);
        segments[..2].ShouldAllBe(segment => segment[field] == 0xff && segment[field + 1] == 0xff);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public void What_is_no_super_packet_of_its_kind_is_refused(IpFamily family, byte protocol, bool extended)
    {
        PacketBuilder packet = Packet(family, protocol, extended).Payload(3000);
        VirtioNetHeader right = packet.SegmentationOffload(1000);
        byte[] bytes = packet.Checksum(ChecksumState.Partial).Build();
        Segmenter.TryCreate(bytes.AsInner(), right, out _).ShouldBeTrue();

        ShouldRefuse(bytes, right with { GsoSize = 0 });
        ShouldRefuse(bytes, right with { Flags = 0 });
        ShouldRefuse(bytes, right with { Flags = 2 });
        foreach (byte type in Enumerable.Range(0, 256).Select(static type => (byte)type))
        {
            bool isOfProtocol = protocol == IpProtocol.Udp ? type is 5 : type is 1 or 4 or 0x81 or 0x84;
            if (!isOfProtocol) ShouldRefuse(bytes, right with { GsoType = type });
        }

        ShouldRefuse(packet.Payload(0).Build(), right);
        ShouldRefuse(packet.Fragment(0, more: true).Build(), right);
        ShouldRefuse(packet.Fragment(1480, more: false).Build(), right);
        ShouldRefuse(packet.Protocol(IpProtocol.Icmp).Build(), right);
    }

    [Fact]
    public void A_tcp_header_that_is_too_short_or_runs_past_the_packet_is_refused()
    {
        PacketBuilder packet = Packet(IpFamily.IPv4, IpProtocol.Tcp).Payload(30);
        byte[] bytes = packet.Build();
        foreach (int words in new[] { 0, 4, 13, 15 })
        {
            bytes[packet.TransportOffset + 12] = (byte)(words << 4);
            ShouldRefuse(bytes, packet.SegmentationOffload(10));
        }
    }

    [Fact]
    public void Headers_longer_than_any_that_make_sense_are_refused()
    {
        PacketBuilder packet = Packet(IpFamily.IPv6, IpProtocol.Tcp)
            .Extensions(IpProtocol.DestinationOptions).Payload(3000);
        byte[] bytes = packet.Build();
        foreach ((int extra, bool isAccepted) in new[] { (232, true), (240, false), (2032, false) })
        {
            // Eight bytes of extension header, made longer.
            byte[] longer = [.. bytes[..48], .. new byte[extra], .. bytes[48..]];
            longer[41] = (byte)(extra / 8);
            int length = longer.Length - Ipv6Header.Length;
            (longer[4], longer[5]) = ((byte)(length >> 8), (byte)length);
            Segmenter.TryCreate(longer.AsInner(), packet.SegmentationOffload(1000), out _)
                .ShouldBe(isAccepted, $"{extra} bytes more");
        }
    }

    private static PacketBuilder Packet(IpFamily family, byte protocol, bool extended = false)
    {
        PacketBuilder packet = PacketBuilder.Between(A, B, family).Protocol(protocol).TcpFlags(Ack | Psh);
        if (!extended) return packet;
        return family == IpFamily.IPv4
            ? packet.Options(3)
            : packet.Extensions(IpProtocol.HopByHop, IpProtocol.DestinationOptions);
    }

    private static void ShouldRefuse(byte[] packet, VirtioNetHeader offload) =>
        Segmenter.TryCreate(packet.AsInner(), offload, out _).ShouldBeFalse(offload.ToString());

    private static void ShouldSegment(PacketBuilder packet, int size)
    {
        byte[][] segments = Segments(packet, size);
        byte[][] expected = [.. packet.Segments(size)];
        segments.Length.ShouldBe(expected.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            if (!segments[i].AsSpan().SequenceEqual(expected[i]))
                Convert.ToHexString(segments[i])
                    .ShouldBe(Convert.ToHexString(expected[i]), $"segment {i} of {expected.Length}, by {size}");
        }
    }

    private static byte[][] Segments(PacketBuilder packet, int size)
    {
        byte[] bytes = packet.Checksum(ChecksumState.Partial).Build();
        Segmenter.TryCreate(bytes.AsInner(), packet.SegmentationOffload(size), out Segmenter segmenter).ShouldBeTrue();
        byte[][] segments = new byte[segmenter.Count][];
        int payload = segmenter.HeaderLength;
        for (int i = 0; i < segments.Length; i++)
        {
            byte[] header = bytes[..segmenter.HeaderLength];
            segmenter.WriteHeader(header, i, bytes);
            int length = segmenter.PayloadLength(i);
            segments[i] = [.. header, .. bytes.AsSpan(payload, length)];
            payload += length;
        }

        payload.ShouldBe(bytes.Length, "some of the payload is left");
        return segments;
    }
}
