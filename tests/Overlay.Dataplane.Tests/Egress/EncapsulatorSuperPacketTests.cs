using Overlay.Dataplane.Egress;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Offload;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;
using static Overlay.Dataplane.Tests.TestNode;

namespace Overlay.Dataplane.Tests;

/// <summary>A super-packet becomes a datagram a segment, in slots that a batch has only so many of.</summary>
public class EncapsulatorSuperPacketTests
{
    private readonly ForwardingTable _table = A.TableWith(B, C);

    [Theory]
    [MemberData(nameof(SegmenterTests.Transports), MemberType = typeof(SegmenterTests))]
    public void Each_segment_is_encapsulated_by_itself(IpFamily family, byte protocol, bool extended)
    {
        PacketBuilder packet = PacketBuilder.Between(A, B, family).Protocol(protocol).Ecn(Ecn.Ect0).Ports(40_000, 80);
        PacketBuilder plain = packet.Payload(10);
        if (extended)
            packet = family == IpFamily.IPv4 ? packet.Options(2) : packet.Extensions(IpProtocol.DestinationOptions);
        packet = packet.Payload(5000);
        PacketBatch batch = new(4);
        batch.PutPacket(plain.Build());
        Put(batch, packet, 1300);
        batch.PutPacket(plain.Build());

        _ = Encapsulator.Encapsulate(batch, _table);

        byte[][] expected = [plain.Build(), .. packet.Segments(1300), plain.Build()];
        ShouldHold(batch, expected);
        for (int i = 0; i < batch.Count; i++)
        {
            batch[i].Remote.ShouldBe(B.RemoteFor(family));
            batch[i].FlowHash.ShouldBe(batch[0].FlowHash, "a flow keeps its port, in whatever pieces it comes");
            batch[i].OuterEcn.ShouldBe(Ecn.Ect0);
        }
    }

    [Fact]
    public void Padding_behind_a_super_packet_does_not_travel()
    {
        PacketBuilder packet = PacketBuilder.Between(A, B, IpFamily.IPv4).Protocol(IpProtocol.Tcp).Payload(3000);
        PacketBatch batch = new(1);
        batch.PutPacket(
            [.. packet.Checksum(ChecksumState.Partial).Build(), .. new byte[17]], packet.SegmentationOffload(1000));
        _ = Encapsulator.Encapsulate(batch, _table);
        ShouldHold(batch, [.. packet.Segments(1000)]);
    }

    [Fact]
    public void A_super_packet_that_no_peer_has_is_one_drop()
    {
        PacketBatch batch = new(1);
        Put(batch, PacketBuilder.Between(A, B, IpFamily.IPv4)
            .To("10.9.0.1").Protocol(IpProtocol.Tcp).Payload(3000), 1000);
        _ = Encapsulator.Encapsulate(batch, _table);
        batch.Count.ShouldBe(1);
        batch[0].Verdict.ShouldBe(DropReason.IpOutNoRoutes);
    }

    /// <summary>
    /// A worker's batch, every other buffer of which a hostile pod has filled with 64 KB of segments: slots and headers
    /// that run out cost nobody a packet. A super-packet of more segments than Linux makes is refused by itself.
    /// </summary>
    [Theory]
    [InlineData(IpProtocol.Tcp, 1)]
    [InlineData(IpProtocol.Tcp, 35)]
    [InlineData(IpProtocol.Tcp, 36)]
    [InlineData(IpProtocol.Tcp, 48)]
    [InlineData(IpProtocol.Tcp, 88)]
    [InlineData(IpProtocol.Tcp, 536)]
    [InlineData(IpProtocol.Tcp, 1398)]
    [InlineData(IpProtocol.Udp, 1)]
    [InlineData(IpProtocol.Udp, 35)]
    [InlineData(IpProtocol.Udp, 36)]
    public void Slots_and_headers_that_run_out_are_filled_again_once_they_are_sent(byte protocol, int segmentSize)
    {
        // With TCP's headers it is their room that runs out first; with UDP's, which are shorter, the slots.
        PacketBuilder super = protocol == IpProtocol.Tcp
            ? PacketBuilder.Between(A, B, IpFamily.IPv6).Protocol(protocol).Timestamp(1).TotalLength(65_500)
            : PacketBuilder.Between(A, B, IpFamily.IPv4).TotalLength(65_500);
        PacketBuilder small = super.Payload(40);
        byte[][] segments = [.. super.Segments(segmentSize)];
        byte[][] smallSegments = [.. small.Segments(20)];
        byte[] bytes = super.Checksum(ChecksumState.Partial).Build();
        PacketBatch batch = new(64);
        bool isRefused = segments.Length > Segmenter.MostSegments;
        isRefused.ShouldBe(segmentSize < 36);

        // Twice: the second time has to find all that the first has used.
        for (int round = 0; round < 2; round++)
        {
            batch.Clear();
            for (int i = 0; i < batch.Capacity; i++)
            {
                if (i % 2 == 0) batch.PutPacket(bytes, super.SegmentationOffload(segmentSize));
                else Put(batch, small, 20);
            }

            int passes = 0;
            for (int done = 0; done < batch.ReceivedCount; passes++)
            {
                int next = Encapsulator.Encapsulate(batch, _table, done);
                next.ShouldBeGreaterThan(done);
                batch.Count.ShouldBeLessThanOrEqualTo(batch.SlotCapacity);
                int slot = 0;
                for (int i = done; i < next; i++)
                {
                    byte[][] expected = i % 2 == 0 ? segments : smallSegments;
                    if (i % 2 == 0 && isRefused) batch[slot++].Verdict.ShouldBe(DropReason.SkbGsoSeg);
                    else for (int k = 0; k < expected.Length; k++) ShouldBe(batch, slot++, expected[k]);
                }

                slot.ShouldBe(batch.Count);
                done = next;
            }

            if (segmentSize is >= 36 and <= 88) passes.ShouldBeGreaterThan(1, "this test has not met what it is about");
        }
    }

    /// <summary>
    /// The TUN hands over no more than nine of the largest at once: those fit, at the smallest MSS Linux uses.
    /// </summary>
    [Theory]
    [InlineData(IpFamily.IPv4)]
    [InlineData(IpFamily.IPv6)]
    public void What_a_tun_reads_at_once_fits(IpFamily family)
    {
        // net.ipv4.tcp_min_snd_mss, less the timestamp option.
        const int SmallestMss = 48 - 12;
        PacketBuilder super = PacketBuilder.Between(A, B, family)
            .Protocol(IpProtocol.Tcp).Timestamp(1).TotalLength(65_535);
        PacketBatch batch = new(64);
        for (int bytes = 0; bytes < PacketBatch.EnoughBytes; bytes += 65_535) Put(batch, super, SmallestMss);
        batch.ReceivedCount.ShouldBe(9);

        _ = Encapsulator.Encapsulate(batch, _table);

        byte[][] segments = [.. super.Segments(SmallestMss)];
        ShouldHold(batch, [.. Enumerable.Repeat(segments, 9).SelectMany(static all => all)]);
    }

    private static void Put(PacketBatch batch, PacketBuilder packet, int segmentSize) =>
        batch.PutPacket(packet.Checksum(ChecksumState.Partial).Build(), packet.SegmentationOffload(segmentSize));

    private static void ShouldHold(PacketBatch batch, byte[][] packets)
    {
        batch.Count.ShouldBe(packets.Length);
        for (int i = 0; i < packets.Length; i++) ShouldBe(batch, i, packets[i]);
    }

    private static void ShouldBe(PacketBatch batch, int slot, byte[] packet)
    {
        batch[slot].Verdict.ShouldBe(DropReason.None, $"slot {slot}");
        ReadOnlySpan<byte> datagram = batch.WholePacket(slot);
        datagram.Length.ShouldBe(batch[slot].TotalLength);
        string header =
            "08000000" + "0a0b0c00" + "021122334402" + "021122334401" + (packet[0] >> 4 == 4 ? "0800" : "86dd");
        Convert.ToHexStringLower(datagram[..22]).ShouldBe(header);
        datagram[22..].SequenceEqual(packet).ShouldBeTrue($"slot {slot} holds another packet than expected");
    }
}
