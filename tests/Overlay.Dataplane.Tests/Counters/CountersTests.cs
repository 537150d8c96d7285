using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Egress;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Ingress;
using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Taps;
using Overlay.Wire;
using Overlay.Wire.Values;
using static Overlay.Dataplane.Tests.TestNode;

namespace Overlay.Dataplane.Tests;

/// <summary>Counters as real workers fill them: each runs here to its device's end, on the test's own thread.</summary>
public class CountersTests
{
    private readonly PacketBuilder _good = PacketBuilder.Between(A, B, IpFamily.IPv4).TotalLength(100);
    private readonly PacketBuilder _unrouted = PacketBuilder.Between(A, C, IpFamily.IPv4);

    [Fact]
    public void A_worker_counts_packets_bytes_and_each_reason_apart()
    {
        PathCounters counters = RunEgress(
            "egress-0", _good.Build(), _unrouted.Build(), [], _good.TotalLength(50).Build(), _unrouted.Build());

        counters.Name.ShouldBe("egress-0");
        counters.Direction.ShouldBe(Direction.Egress);
        counters.ForwardedPackets.ShouldBe(2);
        counters.ForwardedBytes.ShouldBe(150, "inner bytes, without the encapsulation");
        ShouldHaveDropped(counters, (DropReason.IpOutNoRoutes, 2), (DropReason.PktTooSmall, 1));
    }

    [Fact]
    public void A_packet_the_device_refuses_counts_as_dropped_not_as_forwarded()
    {
        // Nobody is joined to this underlay, so b cannot be reached.
        PathCounters counters = RunEgress("egress-0", joined: false, _good.Build());

        counters.ForwardedPackets.ShouldBe(0);
        counters.ForwardedBytes.ShouldBe(0);
        ShouldHaveDropped(counters, (DropReason.UnderlayUnreachable, 1));
    }

    [Fact]
    public void An_ingress_worker_counts_inner_bytes_without_padding()
    {
        byte[] inner = PacketBuilder.Between(B, A, IpFamily.IPv6).TotalLength(100).Build();
        PathCounters counters = RunIngress(
            DatagramBuilder.Between(B, A, inner).Padding(9).Build(),
            DatagramBuilder.Between(B, A, inner).VniWord(0).Build());

        counters.ForwardedPackets.ShouldBe(1);
        counters.ForwardedBytes.ShouldBe(100);
        ShouldHaveDropped(counters, (DropReason.VxlanVniNotFound, 1));
    }

    [Fact]
    public void Each_peer_has_its_own_packets_in_whatever_order_they_come()
    {
        // Objects of this test alone: a VTEP's counters are shared by whoever has it.
        (RemoteVtep b, RemoteVtep c) = (Copy(B.Remote), Copy(C.Remote));
        ForwardingTable table = new ForwardingTableBuilder().AddLocal(A.PodsV4)
            .AddRoute(B.PodsV4, b).AddRoute(C.PodsV4, c).Build().With(A.Local);
        PacketBuilder toC = PacketBuilder.Between(A, C, IpFamily.IPv4).TotalLength(60);
        PacketBatch batch = new(8);
        foreach (byte[] packet in new[] { _good.Build(), _good.Build(), toC.Build(), [], _good.Build(), toC.Build() })
            batch.PutPacket(packet);
        _ = Encapsulator.Encapsulate(batch, table);
        PathCounters egress = new("egress-0", Direction.Egress);
        egress.Add(batch, VxlanOverhead.InPayload);
        (b.Traffic.EgressPackets, b.Traffic.EgressBytes).ShouldBe((3, 300));
        (c.Traffic.EgressPackets, c.Traffic.EgressBytes).ShouldBe((2, 120));
        (egress.ForwardedPackets, egress.ForwardedBytes).ShouldBe((5, 420));

        PacketBatch received = new(2);
        byte[] inner = PacketBuilder.Between(C, A, IpFamily.IPv4).TotalLength(70).Build();
        received.PutPacket(DatagramBuilder.Between(C, A, inner).Build());
        received.Received(0).OuterSource = c.Address;
        Decapsulator.Decapsulate(received, table);
        new PathCounters("ingress-0", Direction.Ingress).Add(received, 0);
        (c.Traffic.IngressPackets, c.Traffic.IngressBytes).ShouldBe((1, 70));
        b.Traffic.IngressPackets.ShouldBe(0);

        static RemoteVtep Copy(RemoteVtep vtep) => new(vtep.Node, vtep.Address, vtep.Mac);
    }

    [Fact]
    public void A_batch_of_more_peers_than_rows_counts_each_packet_once()
    {
        RemoteVtep[] peers =
            [.. Enumerable.Range(1, 20).Select(i => new RemoteVtep($"n{i}", IpAddress.Parse($"192.0.2.{i}"), B.Remote.Mac))];
        PacketBatch batch = new(40);
        for (int i = 0; i < 40; i++)
        {
            batch.PutPacket(_good.Build());
            ref PacketSlot slot = ref batch.Add(PacketBatch.StartOf(i), 100);
            (slot.Remote, slot.Verdict) = (peers[i % peers.Length], DropReason.None);
        }

        PathCounters egress = new("egress-0", Direction.Egress);
        egress.Add(batch, 0);
        peers.ShouldAllBe(static peer => peer.Traffic.EgressPackets == 2 && peer.Traffic.EgressBytes == 200);
        egress.ForwardedPackets.ShouldBe(40);
    }

    [Fact]
    public void A_vteps_packets_are_no_part_of_its_identity()
    {
        RemoteVtep vtep = new(B.Remote.Node, B.Remote.Address, B.Remote.Mac);
        vtep.Traffic.AddEgress(1, 100);
        vtep.ShouldBe(B.Remote);
        vtep.GetHashCode().ShouldBe(B.Remote.GetHashCode());
    }

    [Fact]
    public void Sums_go_over_all_workers_of_a_direction()
    {
        byte[] inner = PacketBuilder.Between(B, A, IpFamily.IPv4).TotalLength(70).Build();
        DataplaneCounters counters = new(
        [
            RunEgress("egress-0", _good.Build(), []),
            RunEgress("egress-1", _good.Build(), _good.Build(), [], _unrouted.Build()),
            RunIngress(DatagramBuilder.Between(B, A, inner).Build(), []),
        ]);

        counters.ForwardedPackets(Direction.Egress).ShouldBe(3);
        counters.ForwardedBytes(Direction.Egress).ShouldBe(300);
        counters.Dropped(Direction.Egress, DropReason.PktTooSmall).ShouldBe(2);
        counters.Dropped(Direction.Egress, DropReason.IpOutNoRoutes).ShouldBe(1);
        counters.ForwardedPackets(Direction.Ingress).ShouldBe(1);
        counters.ForwardedBytes(Direction.Ingress).ShouldBe(70);
        counters.Dropped(Direction.Ingress, DropReason.PktTooSmall).ShouldBe(1);
        counters.Dropped(Direction.Ingress, DropReason.IpOutNoRoutes).ShouldBe(0);
        counters.Paths.Select(static worker => worker.Name).ShouldBe(["egress-0", "egress-1", "ingress-0"]);
        counters.Paths.Select(static worker => worker.TakenBatches(0)).ShouldBe([0, 0, 0]);
        counters.Paths.Select(static worker => worker.TakenBatches(1)).ShouldBe([1, 0, 1], "two to three packets");
        counters.Paths.Select(static worker => worker.TakenBatches(2)).ShouldBe([0, 1, 0], "four to seven");
    }

    [Fact]
    public void Without_workers_every_sum_is_zero()
    {
        DataplaneCounters counters = new([]);
        counters.ForwardedPackets(Direction.Egress).ShouldBe(0);
        counters.ForwardedBytes(Direction.Ingress).ShouldBe(0);
        counters.Dropped(Direction.Ingress, DropReason.IpCsum).ShouldBe(0);
    }

    [Fact]
    public void Allocations_are_those_of_the_workers_thread()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        PathCounters counters = RunEgress("egress-0", _good.Build());
        counters.AllocatedBytes.ShouldBeInRange(before + 1, GC.GetAllocatedBytesForCurrentThread());
    }

    private static void ShouldHaveDropped(PathCounters counters, params (DropReason Reason, long Packets)[] expected) =>
        Enum.GetValues<DropReason>()
            .Select(reason => (reason, counters.Dropped(reason))).Where(static drop => drop.Item2 != 0)
            .ShouldBe(expected, ignoreOrder: true);

    private static PathCounters RunEgress(string name, params byte[][] packets) =>
        RunEgress(name, joined: true, packets);

    private static PathCounters RunEgress(string name, bool joined, params byte[][] packets)
    {
        (MemoryUnderlay underlay, _) = Underlays(joined);
        MemoryTun tun = new();
        PathCounters counters = new(name, Direction.Egress);
        foreach (byte[] packet in packets) tun.PodSends(packet);
        EgressPath worker = new(tun, underlay, Publisher(), counters, new TapPoint());
        PacketBatch batch = new(64);
        while (worker.TryForward(batch))
        {
        }

        return counters;
    }

    private static PathCounters RunIngress(params byte[][] datagrams)
    {
        (MemoryUnderlay ours, MemoryUnderlay theirs) = Underlays(joined: true);
        PathCounters counters = new("ingress-0", Direction.Ingress);
        PacketBatch batch = new(datagrams.Length);
        foreach (byte[] datagram in datagrams)
        {
            batch.PutPacket(datagram);
            batch.Add(PacketBatch.StartOf(batch.ReceivedCount - 1), datagram.Length).Remote = A.Remote;
        }

        theirs.Send(batch);
        new IngressPath(ours, new MemoryTun(), Publisher(), counters, new StrangerRing(), new TapPoint())
            .TryForward(batch).ShouldBeTrue();
        return counters;
    }

    private static (MemoryUnderlay Ours, MemoryUnderlay Theirs) Underlays(bool joined)
    {
        MemoryUnderlay ours = new(null, A.Remote.Address);
        MemoryUnderlay theirs = new(null, B.Remote.Address);
        if (joined) MemoryUnderlay.Join(ours, theirs);
        return (ours, theirs);
    }

    private static TablePublisher Publisher()
    {
        TablePublisher publisher = new();
        publisher.Publish(A.TableWith(B), TableChange.None);
        return publisher;
    }
}
