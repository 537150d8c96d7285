using System.Buffers.Binary;
using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Tests;

/// <summary>Whole data planes joined in memory: real workers, threads and tables, no kernel.</summary>
public class TwoDataPlanesTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Packets_come_out_byte_identical_and_in_order_within_each_flow()
    {
        const int Packets = 5000;
        using MemoryNode a = new(TestNode.A, TestNode.A.TableWith(TestNode.B));
        using MemoryNode b = new(TestNode.B, TestNode.B.TableWith(TestNode.A));
        MemoryNode.Join(a, b);
        Sent[] there = Traffic(TestNode.A, TestNode.B, Packets, seed: 1);
        Sent[] back = Traffic(TestNode.B, TestNode.A, Packets, seed: 2);

        Task<List<byte[]>> atB = Receive(b, Packets);
        Task<List<byte[]>> atA = Receive(a, Packets);
        await Task.WhenAll(Send(a, there), Send(b, back), atA, atB).WaitAsync(_patience);

        ShouldBeSameFlows(await atB, there);
        ShouldBeSameFlows(await atA, back);
        a.Stop();
        b.Stop();
        foreach (MemoryNode node in new[] { a, b })
        {
            Sent[] sent = node == a ? there : back;
            Sent[] received = node == a ? back : there;
            node.Counters.ForwardedPackets(Direction.Egress).ShouldBe(Packets);
            node.Counters.ForwardedPackets(Direction.Ingress).ShouldBe(Packets);
            node.Counters.ForwardedBytes(Direction.Egress)
                .ShouldBe(sent.Sum(static packet => (long)packet.Delivered.Length));
            node.Counters.ForwardedBytes(Direction.Ingress)
                .ShouldBe(received.Sum(static packet => (long)packet.Delivered.Length));
        }
    }

    /// <summary>
    /// The pods' prefix moves from b to c in the middle of a stream: not a packet is lost, doubled or out of order.
    /// </summary>
    [Fact]
    public async Task A_table_published_meanwhile_takes_effect()
    {
        const int BeforeMove = 3000;
        const int Packets = 10_000;
        using MemoryNode a = new(TestNode.A, TestNode.A.TableWith(TestNode.B));
        using MemoryNode b = new(TestNode.B, TestNode.B.TableWith(TestNode.A));
        ForwardingTableBuilder moved = new ForwardingTableBuilder()
            .AddLocal(TestNode.B.PodsV4).AddRoute(TestNode.A.PodsV4, TestNode.A.Remote);
        using MemoryNode c = new(TestNode.C, moved.Build());
        MemoryNode.Join(a, b);
        MemoryNode.Join(a, c);
        PacketBuilder packet = PacketBuilder.Between(TestNode.A, TestNode.B, IpFamily.IPv4);

        Task<List<byte[]>> atB = ReceiveUntilStopped(b);
        Task<List<byte[]>> atC = ReceiveUntilStopped(c);
        await Task.Run(() =>
        {
            for (int i = 0; i < Packets; i++)
            {
                if (i == BeforeMove)
                {
                    ForwardingTable toC = new ForwardingTableBuilder()
                        .AddLocal(TestNode.A.PodsV4).AddRoute(TestNode.B.PodsV4, TestNode.C.Remote).Build();
                    a.Publisher.Publish(toC, TableChange.From(toC));
                }

                byte[] payload = new byte[4];
                BinaryPrimitives.WriteInt32BigEndian(payload, i);
                a.Tun.PodSends(packet.Payload(payload).Build());
            }
        }).WaitAsync(_patience);

        // A worker that is told to stop passes on so much and no more, and on a busy machine more than that may wait.
        SpinWait.SpinUntil(
            () => a.Counters.ForwardedPackets(Direction.Egress) == Packets, _patience).ShouldBeTrue();
        foreach (MemoryNode node in new[] { a, b, c }) node.Stop();

        int[] numbersAtB = [.. (await atB.WaitAsync(_patience)).Select(NumberOf)];
        int[] numbersAtC = [.. (await atC.WaitAsync(_patience)).Select(NumberOf)];
        numbersAtB.Length.ShouldBeInRange(1, BeforeMove, "what was published before a packet was sent holds for it");
        numbersAtB.Concat(numbersAtC).ShouldBe(Enumerable.Range(0, Packets));
    }

    [Fact]
    public void Without_a_table_nothing_passes_and_all_of_it_is_counted()
    {
        const int Packets = 100;
        using MemoryNode a = new(TestNode.A, ForwardingTable.Empty);
        using MemoryNode b = new(TestNode.B, TestNode.B.TableWith(TestNode.A));
        MemoryNode.Join(a, b);
        for (int i = 0; i < Packets; i++)
        {
            a.Tun.PodSends(PacketBuilder.Between(TestNode.A, TestNode.B, IpFamily.IPv4).Build());
            b.Tun.PodSends(PacketBuilder.Between(TestNode.B, TestNode.A, IpFamily.IPv6).Build());
        }

        // b's packets have to be under way before a ends.
        b.Stop();
        a.Stop();

        a.Counters.Dropped(Direction.Egress, DropReason.IpOutNoRoutes).ShouldBe(Packets);
        b.Counters.ForwardedPackets(Direction.Egress).ShouldBe(Packets);
        a.Counters.Dropped(Direction.Ingress, DropReason.UnknownVtep).ShouldBe(Packets);
        a.Counters.ForwardedPackets(Direction.Ingress).ShouldBe(0);
    }

    [Fact]
    public async Task Nothing_is_allocated_on_the_workers_threads_per_packet()
    {
        const int WarmUp = 20_000;
        const int Packets = 100_000;
        using MemoryNode a = new(TestNode.A, TestNode.A.TableWith(TestNode.B));
        using MemoryNode b = new(TestNode.B, TestNode.B.TableWith(TestNode.A));
        MemoryNode.Join(a, b);
        PathCounters[] workers = [.. a.Counters.Paths, .. b.Counters.Paths];
        await Exchange(a, b, WarmUp);
        long[] before = [.. workers.Select(static worker => worker.AllocatedBytes)];

        await Exchange(a, b, Packets);
        a.Stop();
        b.Stop();

        for (int i = 0; i < workers.Length; i++)
        {
            workers[i].ForwardedPackets.ShouldBe(WarmUp + Packets, workers[i].Name);
            workers[i].AllocatedBytes.ShouldBe(before[i], workers[i].Name);
        }
    }

    private static Task Exchange(MemoryNode a, MemoryNode b, int packets)
    {
        // Every branch of both directions: families, transports, checksums to complete, to recognise and to leave
        // alone, drops of neither.
        Sent[] there = Traffic(TestNode.A, TestNode.B, 200, seed: 3);
        Sent[] back = Traffic(TestNode.B, TestNode.A, 200, seed: 4);
        return Task.WhenAll(Feed(a, there, packets), Feed(b, back, packets), Drain(a, packets), Drain(b, packets))
            .WaitAsync(_patience);
    }

    private static Task Send(MemoryNode node, Sent[] packets) => Feed(node, packets, packets.Length);

    // A thread each: these wait for one another, and the pool need not have as many.
    private static Task Feed(MemoryNode node, Sent[] packets, int count) => OnThread(() =>
    {
        for (int i = 0; i < count; i++)
            node.Tun.PodSends(packets[i % packets.Length].Bytes, packets[i % packets.Length].Offload);
        return count;
    });

    private static Task<int> Drain(MemoryNode node, int count) => OnThread(() => Collect(node, count, static _ => { }));

    private static Task<List<byte[]>> Receive(MemoryNode node, int count) => OnThread(() =>
    {
        List<byte[]> received = [];
        _ = Collect(node, count, received.Add);
        return received;
    });

    private static Task<List<byte[]>> ReceiveUntilStopped(MemoryNode node) => Receive(node, int.MaxValue);

    private static int Collect(MemoryNode node, int count, Action<byte[]> take)
    {
        PacketBatch batch = new(64);
        int received = 0;
        while (received < count && node.Tun.PodsReceive(batch))
        {
            for (int i = 0; i < batch.ReceivedCount; i++)
            {
                batch.Received(i).Offload.GsoType.ShouldBe(VirtioNetHeader.GsoNone);
                take(batch.ReceivedBytes(i).ToArray());
            }

            received += batch.ReceivedCount;
        }

        return received;
    }

    private static Task<T> OnThread<T>(Func<T> action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Random packets of twenty flows, each ending in its flow's number and its own.</summary>
    private static Sent[] Traffic(TestNode from, TestNode to, int count, int seed)
    {
        const int Flows = 20;
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            int flow = random.Next(Flows);
            IpFamily family = flow % 2 == 0 ? IpFamily.IPv4 : IpFamily.IPv6;
            byte[] payload = new byte[8 + random.Next(1300)];
            random.NextBytes(payload);
            BinaryPrimitives.WriteInt32BigEndian(payload.AsSpan(payload.Length - 8), flow);
            BinaryPrimitives.WriteInt32BigEndian(payload.AsSpan(payload.Length - 4), i);
            PacketBuilder packet = PacketBuilder.Between(from, to, family)
                .Protocol(new[] { IpProtocol.Tcp, IpProtocol.Udp, IpProtocol.Icmp }[flow % 3])
                .Ports(1000 + flow, 80).Payload(payload);
            bool leavesChecksum = flow % 3 != 2 && random.Next(2) == 0;
            return leavesChecksum
                ? new Sent(packet.Checksum(ChecksumState.Partial).Build(), packet.ChecksumOffload, packet.Build())
                : new Sent(packet.Build(), default, packet.Build());
        })];
    }

    private static void ShouldBeSameFlows(List<byte[]> received, Sent[] sent)
    {
        received.Count.ShouldBe(sent.Length);
        ILookup<int, byte[]> flows = received.ToLookup(FlowOf);
        foreach (IGrouping<int, byte[]> expected in sent.Select(static packet => packet.Delivered).GroupBy(FlowOf))
            flows[expected.Key]
                .Select(Convert.ToHexString).ShouldBe(expected.Select(Convert.ToHexString), $"flow {expected.Key}");
    }

    private static int FlowOf(byte[] packet) => BinaryPrimitives.ReadInt32BigEndian(packet.AsSpan(packet.Length - 8));

    private static int NumberOf(byte[] packet) => BinaryPrimitives.ReadInt32BigEndian(packet.AsSpan(packet.Length - 4));

    /// <summary>What a pod's kernel hands to the TUN, and what the other pod shall get.</summary>
    private sealed record Sent(byte[] Bytes, VirtioNetHeader Offload, byte[] Delivered);
}
