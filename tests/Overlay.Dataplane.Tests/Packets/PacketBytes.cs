namespace Overlay.Dataplane.Tests;

/// <summary>Packets compared as bytes; texts are made for a failure alone.</summary>
internal static class PacketBytes
{
    /// <summary>An order by which two heaps of packets become comparable.</summary>
    public static IComparer<byte[]> Order { get; } =
        Comparer<byte[]>.Create(static (one, other) => one.AsSpan().SequenceCompareTo(other));

    /// <summary>The same packets, in that order.</summary>
    public static void ShouldBePackets(
        this IReadOnlyList<byte[]> packets, IReadOnlyList<byte[]> expected, FlowKey? flow = null)
    {
        for (int i = 0; i < Math.Min(packets.Count, expected.Count); i++)
        {
            if (!packets[i].AsSpan().SequenceEqual(expected[i]))
                Assert.Fail(
                    $"{flow} packet {i} is {Convert.ToHexString(packets[i])}, not {Convert.ToHexString(expected[i])}");
        }

        packets.Count.ShouldBe(expected.Count, flow?.ToString());
    }

    /// <summary>Each flow's packets in the order in which they were sent, but for identifications.</summary>
    public static void ShouldBeSameFlows(IEnumerable<byte[]> received, IEnumerable<byte[]> sent)
    {
        ILookup<FlowKey, byte[]> flows = received.ToLookup(FlowKey.Of, PacketSplitter.WithoutIdentification);
        foreach (IGrouping<FlowKey, byte[]> flow in sent.GroupBy(FlowKey.Of, PacketSplitter.WithoutIdentification))
            ShouldBePackets([.. flows[flow.Key]], [.. flow], flow.Key);
    }
}
