using System.Net;
using System.Text.Json;
using Overlay.EndToEnd.Tests.Traffic;
using Overlay.Lab;

namespace Overlay.EndToEnd.Tests;

/// <summary>The packet path with the real devices under it: no managed memory a packet.</summary>
public class AllocationTests
{
    private const int WarmUp = 5_000;
    private const int Packets = 100_000;

    [Fact]
    public void A_hundred_thousand_packets_each_way_allocate_nothing()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "alloc" });
        Exchange(cluster, WarmUp);
        Dictionary<string, Work> before = Workers(cluster);
        Exchange(cluster, Packets);
        foreach ((string worker, Work after) in Workers(cluster))
        {
            (after.Packets - before[worker].Packets).ShouldBeGreaterThanOrEqualTo(Packets, worker);
            (after.AllocatedBytes - before[worker].AllocatedBytes).ShouldBe(0, $"bytes that {worker} has allocated meanwhile");
        }
    }

    /// <summary>That many packets each way, one half IPv4 and one half IPv6, all four streams at once.</summary>
    private static void Exchange(Cluster cluster, int packets)
    {
        (Pod one, Pod other) = (cluster["a"].Pods[0], cluster["b"].Pods[0]);
        Parallel.ForEach(
            new[] { (one, other), (other, one) }.SelectMany(way => way.Item2.Addresses.Select(address => (From: way.Item1, To: way.Item2, Address: address))),
            stream => PacketStream.Run(stream.From, stream.To, stream.Address, packets / 2));
    }

    private static Dictionary<string, Work> Workers(Cluster cluster) => cluster.Lab.Nodes
        .SelectMany(node => Cluster.Report(node, "counters").GetProperty("workers").EnumerateArray().Select(worker => (node, worker)))
        .ToDictionary(
            entry => $"{entry.worker.GetProperty("worker").GetString()} on node {entry.node.Name}",
            entry => new Work(entry.worker.GetProperty("packets").GetInt64(), entry.worker.GetProperty("allocatedBytes").GetInt64()));

    private sealed record Work(long Packets, long AllocatedBytes);
}
