namespace Overlay.EndToEnd.Tests.Integrity;

/// <summary>What became of datagrams, from the first pod (0) and from the second (1).</summary>
/// <param name="Flows">How many, each way.</param>
/// <param name="First">Each flow's first number.</param>
/// <param name="Count">Datagrams of each flow.</param>
/// <param name="Relayed">What passed the relay.</param>
/// <param name="Delivered">What the pods' programs got.</param>
internal sealed record UdpOutcome(
    int Flows, int First, int Count, IReadOnlyList<RelayedTraffic> Relayed,
    IReadOnlyList<(IReadOnlyList<PacketId> Arrived, int Altered)> Delivered)
{
    public int Sent => Relayed.Count * Flows * Count;

    public int Altered => Delivered.Sum(static way => way.Altered);

    public int Arrived => Delivered.Sum(static way => way.Arrived.Count);

    /// <summary>Every flow of each way has come to the underlay whole, in the order sent, each datagram once.</summary>
    public void ShouldHaveEnteredAsSent()
    {
        uint[] numbers = [.. Enumerable.Range(First, Count).Select(static number => (uint)number)];
        for (int way = 0; way < Relayed.Count; way++)
        {
            ILookup<ulong, uint> flows = NumbersByFlow(Relayed[way].Entered);
            flows.Count.ShouldBe(Flows);
            foreach (IGrouping<ulong, uint> flow in flows)
                flow.ToArray().ShouldBe(numbers, $"flow {flow.Key} was reordered, lost or doubled before the underlay");
        }
    }

    /// <summary>
    /// Of every flow each copy that the underlay has passed on has arrived, in that order, and none more often. Where
    /// one of a datagram's copies was damaged, it may have arrived or not: the bits may be some that do no harm.
    /// </summary>
    public void ShouldHaveArrivedAsRelayed()
    {
        for (int way = 0; way < Relayed.Count; way++)
        {
            IReadOnlyList<RelayedPacket> left = Relayed[way].Left;
            HashSet<PacketId> damaged =
                [.. left.Where(static packet => packet.IsDamaged).Select(static packet => packet.Id)];
            ILookup<PacketId, RelayedPacket> copies = left.ToLookup(static packet => packet.Id);
            Delivered[way].Arrived.GroupBy(static id => id)
                .Where(id => id.Count() > copies[id.Key].Count()).ShouldBeEmpty("arrived more often than it passed");

            ILookup<ulong, uint> relayed =
                NumbersByFlow(left.Select(static packet => packet.Id).Where(id => !damaged.Contains(id)));
            ILookup<ulong, uint> arrived = NumbersByFlow(Delivered[way].Arrived.Where(id => !damaged.Contains(id)));
            foreach (IGrouping<ulong, uint> flow in relayed)
                arrived[flow.Key].ToArray().ShouldBe(
                    flow.ToArray(), $"flow {flow.Key} was reordered, lost or doubled behind the underlay");
        }
    }

    public override string ToString()
    {
        RelayedPacket[] left = [.. Relayed.SelectMany(static way => way.Left).Where(static packet => !packet.Id.IsTcp)];
        return $"{Sent} sent, {left.Length} passed, {left.Count(static packet => packet.IsDamaged)} of them damaged, "
            + $"{Arrived} delivered, {Altered} altered";
    }

    private static ILookup<ulong, uint> NumbersByFlow(IEnumerable<PacketId> packets) =>
        packets.Where(static id => !id.IsTcp).ToLookup(static id => id.Flow, static id => id.Number);
}
