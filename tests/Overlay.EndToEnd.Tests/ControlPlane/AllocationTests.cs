using Overlay.EndToEnd.Tests.Traffic;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.ControlPlane;

/// <summary>The packet path with the real devices under it: no managed memory a packet.</summary>
public class AllocationTests
{
    private const int WarmUp = 5_000;
    private const int Packets = 100_000;

    // What a packet costs shows in every round; what the runtime needs once, for code that the warm-up did not reach,
    // in one.
    private const int Rounds = 3;

    [Fact]
    public void A_hundred_thousand_packets_each_way_allocate_nothing()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "alloc" });
        Exchange(cluster, WarmUp);
        IReadOnlyList<string> allocating = ["not measured"];
        for (int round = 0; round < Rounds && allocating.Count > 0; round++)
        {
            Dictionary<string, Work> before = Workers(cluster);
            Exchange(cluster, Packets);
            Dictionary<string, Work> after = [];

            // A batch is counted once its packets are gone.
            Waiting.For(() => (after = Workers(cluster)).All(
                worker => worker.Value.Packets - before[worker.Key].Packets >= Packets));
            allocating =
            [
                .. after.Select(
                    entry => (Worker: entry.Key, Bytes: entry.Value.AllocatedBytes - before[entry.Key].AllocatedBytes))
                    .Where(static entry => entry.Bytes != 0)
                    .Select(static entry => $"{entry.Worker}: {entry.Bytes} bytes"),
            ];
        }

        allocating.ShouldBeEmpty();
    }

    /// <summary>That many packets each way, one half IPv4 and one half IPv6, all four streams at once.</summary>
    private static void Exchange(Cluster cluster, int packets)
    {
        (Pod one, Pod other) = (cluster["a"].Pods[0], cluster["b"].Pods[0]);
        Parallel.ForEach(
            new[] { (one, other), (other, one) }.SelectMany(
                way => way.Item2.Addresses.Select(address => (From: way.Item1, To: way.Item2, Address: address))),
            stream => PacketStream.Run(stream.From, stream.To, stream.Address, packets / 2));
    }

    private static Dictionary<string, Work> Workers(Cluster cluster) => cluster.Lab.Nodes
        .SelectMany(node =>
            Cluster.Report(node, "counters").GetProperty("workers").EnumerateArray().Select(worker => (node, worker)))
        .ToDictionary(
            entry => $"{entry.worker.GetProperty("worker").GetString()} on node {entry.node.Name}",
            entry => new Work(
                entry.worker.GetProperty("packets").GetInt64(), entry.worker.GetProperty("allocatedBytes").GetInt64()));

    private sealed record Work(long Packets, long AllocatedBytes);
}
