using System.Buffers.Binary;
using Overlay.Dataplane.Taps;
using Overlay.Wire.Values;
using static Overlay.Dataplane.Tests.TestNode;

namespace Overlay.Dataplane.Tests;

/// <summary>The ring between a worker and a listener: its bounds, and the filter in front of it.</summary>
public sealed class TapRingTests
{
    private readonly TapRig _rig = new();

    [Fact]
    public void A_full_ring_counts_what_it_misses_and_keeps_the_oldest_in_order()
    {
        TapRing ring = _rig.Listen(snap: TapRing.MostSnap);
        for (int i = 0; i < ring.Capacity + 10; i++) GoOut(i);
        ring.Missed(isEgress: true).ShouldBe(10);
        ring.Missed(isEgress: false).ShouldBe(0);
        Numbers(ring).ShouldBe(Enumerable.Range(0, ring.Capacity));

        GoOut(77);
        Numbers(ring).ShouldBe([77]);
        ring.Missed(isEgress: true).ShouldBe(10);
    }

    [Theory]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(256)]
    [InlineData(9000)]
    [InlineData(65_535)]
    public void The_memory_is_bounded_whatever_the_snap_length_is_and_a_packet_is_cut_to_it(int snap)
    {
        TapRing ring = _rig.Listen(snap: snap);
        ((long)ring.Capacity * snap).ShouldBeInRange(1, TapRing.Size);
        int.IsPow2(ring.Capacity).ShouldBeTrue();
        byte[] packet = PacketBuilder.Between(A, B, IpFamily.IPv4).Payload(1000).Build();
        for (int i = 0; i < 3; i++) _rig.GoOut((packet, default));
        foreach ((TapRecord record, byte[] bytes) in TapRig.TakeAll(ring))
        {
            record.Length.ShouldBe(packet.Length);
            bytes.ShouldBe(packet[..Math.Min(snap, packet.Length)]);
        }
    }

    [Theory]
    [InlineData(63)]
    [InlineData(65_536)]
    public void A_snap_length_without_sense_is_refused(int snap) =>
        Should.Throw<ArgumentOutOfRangeException>(() => _rig.Listen(snap: snap));

    [Theory]
    [InlineData(null, null, false, 4)]
    [InlineData("192.168.77.2", null, false, 1)]
    [InlineData("fd77::3", null, false, 1)]
    [InlineData("192.168.77.9", null, false, 0)]
    [InlineData(null, "10.244.1.10", false, 2)]
    [InlineData(null, "10.244.2.10", false, 1)]
    [InlineData(null, "fd00:10:244:3::a", false, 1)]
    [InlineData(null, "10.244.9.9", false, 0)]
    [InlineData(null, null, true, 2)]
    [InlineData("192.168.77.2", null, true, 0)]
    [InlineData(null, "10.244.1.10", true, 1)]
    public void Only_packets_that_the_filter_takes_are_copied(string? peer, string? pod, bool isDropsOnly, int count)
    {
        TapRing ring = _rig.Listen(new TapFilter(
            peer is null ? null : [IpAddress.Parse(peer), IpAddress.Parse("192.168.77.250")],
            pod is null ? null : IpAddress.Parse(pod), isDropsOnly));
        _rig.GoOut(
            (PacketBuilder.Between(A, B, IpFamily.IPv4).Build(), default),
            (PacketBuilder.Between(A, C, IpFamily.IPv6).Build(), default),
            (PacketBuilder.Between(A, B, IpFamily.IPv4).To("10.244.99.1").Build(), default),
            ([0x45], default));
        TapRig.TakeAll(ring).Count.ShouldBe(count);
        ring.Missed(isEgress: true).ShouldBe(0);
    }

    private void GoOut(int number)
    {
        byte[] payload = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, number);
        _rig.GoOut((PacketBuilder.Between(A, B, IpFamily.IPv4).Payload(payload).Build(), default));
    }

    private static IEnumerable<int> Numbers(TapRing ring) => TapRig.TakeAll(ring)
        .Select(static taken => BinaryPrimitives.ReadInt32BigEndian(taken.Bytes.AsSpan(taken.Bytes.Length - 4)));
}
