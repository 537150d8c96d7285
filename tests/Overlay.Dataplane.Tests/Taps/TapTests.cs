using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Taps;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;
using static Overlay.Dataplane.Tests.TestNode;

namespace Overlay.Dataplane.Tests;

/// <summary>Copies of packets as a listener gets them: each way, with their end, whole or joined.</summary>
public sealed class TapTests
{
    private const int Segment = 100;

    private readonly TapRig _rig = new();

    [Fact]
    public void A_packet_that_goes_out_is_copied_as_the_pod_sent_it_with_its_peer_or_without_one()
    {
        byte[] known = PacketBuilder.Between(A, B, IpFamily.IPv4).Build();
        byte[] knownV6 = PacketBuilder.Between(A, C, IpFamily.IPv6).Build();
        byte[] nowhere = PacketBuilder.Between(A, B, IpFamily.IPv4).To("10.244.99.1").Build();
        TapRing ring = _rig.Listen();
        _rig.Sent = static slot => slot == 1 ? DropReason.UnderlayUnreachable : DropReason.None;
        _rig.GoOut((known, default), (knownV6, default), (nowhere, default), ([0x00], default));

        List<(TapRecord Record, byte[] Bytes)> all = TapRig.TakeAll(ring);
        all.Select(static taken => taken.Record.Verdict).ShouldBe(
        [
            DropReason.None, DropReason.UnderlayUnreachable, DropReason.IpOutNoRoutes, DropReason.UnhandledProto,
        ]);
        all.Select(static taken => taken.Record.Peer).ShouldBe([B.Remote.Address, C.RemoteV6.Address, default, default]);
        all.Select(static taken => taken.Bytes).ShouldBe([known, knownV6, nowhere, [0x00]]);
        all.ShouldAllBe(static taken => taken.Record.IsEgress && taken.Record.Packets == 1);
        all.ShouldAllBe(taken => taken.Record.Ticks == _rig.Time.Now.UtcTicks);
        all[0].Record.Length.ShouldBe(known.Length);
    }

    [Fact]
    public void A_super_packet_that_goes_out_is_one_record_also_where_some_of_its_segments_are_dropped()
    {
        PacketBuilder super = PacketBuilder.Between(A, B, IpFamily.IPv4).Protocol(IpProtocol.Tcp).Payload(7 * Segment)
            .Checksum(ChecksumState.Partial);
        byte[] packet = super.Build();
        TapRing ring = _rig.Listen();
        _rig.GoOut((packet, super.SegmentationOffload(Segment)), (packet, super.SegmentationOffload(Segment)));
        _rig.Sent = static slot => slot is 2 or 3 ? DropReason.QdiscDrop : DropReason.None;
        _rig.GoOut((packet, super.SegmentationOffload(Segment)));

        List<(TapRecord Record, byte[] Bytes)> all = TapRig.TakeAll(ring);
        all.Select(static taken => (taken.Record.Packets, taken.Record.Dropped, taken.Record.Verdict)).ShouldBe(
            [(7, 0, DropReason.None), (7, 0, DropReason.None), (7, 2, DropReason.QdiscDrop)]);
        all.ShouldAllBe(taken => taken.Record.Length == packet.Length && taken.Record.Peer == B.Remote.Address);
        all[1].Bytes.ShouldBe(packet[..256]);
    }

    [Fact]
    public void A_packet_that_comes_in_is_the_inner_one_whichever_check_has_ended_its_way()
    {
        IpAddress stranger = IpAddress.Parse("192.0.2.7");
        byte[] good = PacketBuilder.Between(B, A, IpFamily.IPv4).Build();
        byte[] spoofed = PacketBuilder.Between(C, A, IpFamily.IPv6).Build();
        byte[] elsewhere = PacketBuilder.Between(B, C, IpFamily.IPv4).Build();
        DatagramBuilder sound = DatagramBuilder.Between(B, A, good);
        TapRing ring = _rig.Listen();
        _rig.ComeIn(
            (sound.Build(), B.Remote.Address, 0),
            (sound.Build(), stranger, 0),
            (DatagramBuilder.Between(B, A, spoofed).Build(), B.Remote.Address, 0),
            (DatagramBuilder.Between(B, A, elsewhere).Padding(9).Build(), B.Remote.Address, 0),
            (sound.VniWord(0x100).Build(), B.Remote.Address, 0),
            ([1, 2, 3], B.Remote.Address, 0));

        List<(TapRecord Record, byte[] Bytes)> all = TapRig.TakeAll(ring);
        all.Select(static taken => taken.Record.Verdict).ShouldBe(
        [
            DropReason.None, DropReason.UnknownVtep, DropReason.SourceNotAllowed, DropReason.IpInAddrErrors,
            DropReason.VxlanVniNotFound, DropReason.PktTooSmall,
        ]);
        all.Select(static taken => taken.Bytes).ShouldBe(
            [good, good, spoofed, [.. elsewhere, .. PacketBuilder.Pattern(9)], good, []]);
        all.Select(static taken => taken.Record.Peer == B.Remote.Address).ShouldBe([true, false, true, true, true, true]);
        all[1].Record.Peer.ShouldBe(stranger);
        all.ShouldAllBe(static taken => !taken.Record.IsEgress && taken.Record.Length == taken.Bytes.Length);
    }

    [Fact]
    public void Packets_that_are_joined_on_the_way_in_are_one_record()
    {
        PacketBuilder super = PacketBuilder.Between(B, A, IpFamily.IPv4).Protocol(IpProtocol.Tcp).Payload(5 * Segment);
        byte[][] segments = [.. super.Segments(Segment).Select(static inner => DatagramBuilder.Between(B, A, inner).Build())];
        byte[] alone = PacketBuilder.Between(B, A, IpFamily.IPv4).Build();
        TapRing ring = _rig.Listen();
        _rig.ComeIn(
            ([.. segments.SelectMany(static datagram => datagram)], B.Remote.Address, segments[0].Length),
            (DatagramBuilder.Between(B, A, alone).Build(), B.Remote.Address, 0));

        List<(TapRecord Record, byte[] Bytes)> all = TapRig.TakeAll(ring);
        all.Select(static taken => (taken.Record.Packets, taken.Record.Length))
            .ShouldBe([(5, super.Build().Length), (1, alone.Length)]);

        // A train of a stranger stays five packets, each behind its own outer header.
        _rig.ComeIn(([.. segments.SelectMany(static datagram => datagram)], IpAddress.Parse("192.0.2.7"), segments[0].Length));
        TapRig.TakeAll(ring).Select(static taken => taken.Bytes).ShouldBe(super.Segments(Segment));
    }

    [Fact]
    public void Nothing_is_copied_while_nobody_listens_and_nothing_is_allocated_while_somebody_does()
    {
        byte[] packet = PacketBuilder.Between(A, B, IpFamily.IPv4).Build();
        TapRing ring = _rig.Listen();
        for (int i = 0; i < 100; i++) _rig.GoOut((packet, default));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) _rig.GoOut((packet, default));
        long listening = GC.GetAllocatedBytesForCurrentThread() - before;
        TapRig.TakeAll(ring).Count.ShouldBe(200);

        _rig.StopListening();
        for (int i = 0; i < 100; i++) _rig.GoOut((packet, default));
        before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) _rig.GoOut((packet, default));
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(listening);
        TapRig.TakeAll(ring).ShouldBeEmpty();
    }
}
