using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Packets;

namespace Overlay.Dataplane.Tests;

/// <summary>
/// Whole data planes joined in memory, with all that offloads change: super-packets in, trains between, super-packets
/// out.
/// </summary>
public class TwoDataPlanesOffloadTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Super_packets_come_out_as_what_a_device_would_have_made_of_them(bool joins, bool sendsTrains)
    {
        const int Count = 1500;
        using MemoryNode a = new(TestNode.A, TestNode.A.TableWith(TestNode.B), joins, sendsTrains);
        using MemoryNode b = new(TestNode.B, TestNode.B.TableWith(TestNode.A), joins, sendsTrains);
        MemoryNode.Join(a, b);
        IReadOnlyList<SuperPacketTraffic.Sent> there = SuperPacketTraffic.Draw(TestNode.A, TestNode.B, Count, seed: 1);
        IReadOnlyList<SuperPacketTraffic.Sent> back = SuperPacketTraffic.Draw(TestNode.B, TestNode.A, Count, seed: 2);

        Task<Arrived> atB = Receive(b, there);
        Task<Arrived> atA = Receive(a, back);
        await Task.WhenAll(Feed(a, there, 1), Feed(b, back, 1), atA, atB).WaitAsync(_patience);

        a.Stop();
        b.Stop();
        PacketBytes.ShouldBeSameFlows((await atB).Packets, there.SelectMany(static packet => packet.Delivered));
        PacketBytes.ShouldBeSameFlows((await atA).Packets, back.SelectMany(static packet => packet.Delivered));
        ShouldBeCounted(a, there, back);
        ShouldBeCounted(b, back, there);

        // Else this would prove little: most were joined, or none.
        Arrived arrived = await atB;
        if (!joins) arrived.Writes.ShouldBe(arrived.Packets.Count);
        else if (sendsTrains) arrived.Writes.ShouldBeLessThan(arrived.Packets.Count / 3);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Nothing_is_allocated_on_the_workers_threads_per_packet(bool joins, bool sendsTrains)
    {
        const int Count = 300;
        const int WarmUp = 8;
        const int Rounds = 20;
        using MemoryNode a = new(TestNode.A, TestNode.A.TableWith(TestNode.B), joins, sendsTrains);
        using MemoryNode b = new(TestNode.B, TestNode.B.TableWith(TestNode.A), joins, sendsTrains);
        MemoryNode.Join(a, b);
        IReadOnlyList<SuperPacketTraffic.Sent> there = SuperPacketTraffic.Draw(TestNode.A, TestNode.B, Count, seed: 3);
        IReadOnlyList<SuperPacketTraffic.Sent> back = SuperPacketTraffic.Draw(TestNode.B, TestNode.A, Count, seed: 4);
        PathCounters[] workers = [.. a.Counters.Paths, .. b.Counters.Paths];
        await Exchange(WarmUp);
        long[] before = [.. workers.Select(static worker => worker.AllocatedBytes)];

        await Exchange(Rounds);
        a.Stop();
        b.Stop();

        for (int i = 0; i < workers.Length; i++)
        {
            workers[i].ForwardedPackets.ShouldBeGreaterThan(Rounds * Count, workers[i].Name);
            workers[i].AllocatedBytes.ShouldBe(before[i], workers[i].Name);
        }

        Task Exchange(int rounds) =>
            Task.WhenAll(Feed(a, there, rounds), Feed(b, back, rounds), Drain(b, there, rounds), Drain(a, back, rounds))
                .WaitAsync(_patience);
    }

    private static Task Feed(MemoryNode node, IReadOnlyList<SuperPacketTraffic.Sent> packets, int rounds) =>
        OnThread(() =>
    {
        for (int round = 0; round < rounds; round++)
        {
            foreach (SuperPacketTraffic.Sent packet in packets) node.Tun.PodSends(packet.Bytes, packet.Offload);
        }

        return rounds;
    });

    private static Task<int> Drain(MemoryNode node, IReadOnlyList<SuperPacketTraffic.Sent> sent, int rounds) =>
        OnThread(() => Collect(node, rounds * SegmentsOf(sent), static (_, _) => { }));

    private static Task<Arrived> Receive(MemoryNode node, IReadOnlyList<SuperPacketTraffic.Sent> sent) => OnThread(() =>
    {
        List<byte[]> packets = [];
        int writes = Collect(
            node, SegmentsOf(sent), (packet, offload) => packets.AddRange(PacketSplitter.Split(packet, offload)));
        return new Arrived(packets, writes);
    });

    /// <summary>Takes until that many packets have come, and says in how many writes.</summary>
    private static int Collect(MemoryNode node, int count, Action<byte[], VirtioNetHeader> take)
    {
        PacketBatch batch = new(64);
        int writes = 0;
        while (count > 0 && node.Tun.PodsReceive(batch))
        {
            for (int i = 0; i < batch.ReceivedCount; i++)
            {
                take(batch.ReceivedBytes(i).ToArray(), batch.Received(i).Offload);
                count -= SuperPacketTraffic.CountOf(batch.Received(i));
            }

            writes += batch.ReceivedCount;
        }

        return writes;
    }

    // A thread each: these wait for one another, and the pool need not have as many.
    private static Task<T> OnThread<T>(Func<T> action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static int SegmentsOf(IReadOnlyList<SuperPacketTraffic.Sent> sent) =>
        sent.Sum(static packet => packet.Delivered.Count);

    private static void ShouldBeCounted(
        MemoryNode node, IReadOnlyList<SuperPacketTraffic.Sent> sent, IReadOnlyList<SuperPacketTraffic.Sent> received)
    {
        node.Counters.ForwardedPackets(Direction.Egress).ShouldBe(SegmentsOf(sent));
        node.Counters.ForwardedPackets(Direction.Ingress).ShouldBe(SegmentsOf(received));
        node.Counters.ForwardedBytes(Direction.Egress).ShouldBe(BytesOf(sent));
        node.Counters.ForwardedBytes(Direction.Ingress).ShouldBe(BytesOf(received));

        static long BytesOf(IReadOnlyList<SuperPacketTraffic.Sent> packets) =>
            packets.SelectMany(static packet => packet.Delivered).Sum(static packet => (long)packet.Length);
    }

    private sealed record Arrived(IReadOnlyList<byte[]> Packets, int Writes);
}
