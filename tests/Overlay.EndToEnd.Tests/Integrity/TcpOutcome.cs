namespace Overlay.EndToEnd.Tests.Integrity;

/// <summary>What became of transfers, from the first pod (0) and from the second (1).</summary>
/// <param name="Bytes">Of each connection.</param>
/// <param name="Arrived">By connection: how many of them the program got as they were sent.</param>
/// <param name="Relayed">What passed the relay.</param>
/// <param name="Heard">Segments as they reached the pod that received, before its kernel judged them.</param>
internal sealed record TcpOutcome(
    int Bytes, IReadOnlyList<int> Arrived, IReadOnlyList<RelayedTraffic> Relayed,
    IReadOnlyList<IReadOnlyList<PacketId>> Heard)
{
    private int Overtaken => Relayed.Sum(static way => way.OvertakenTcp);

    /// <summary>Every connection has delivered all of its bytes, as they were sent.</summary>
    public void ShouldBeWhole() => Arrived.ShouldAllBe(bytes => bytes == Bytes);

    /// <summary>No packet of a connection over IPv4 was overtaken on its way to the underlay.</summary>
    public void ShouldHaveEnteredAsSent() => Overtaken.ShouldBe(0);

    /// <summary>
    /// Of every connection the segments reached the pod in the order in which the underlay passed them on, and none
    /// more often. A segment that the tap missed is no fault.
    /// </summary>
    public void ShouldHaveArrivedAsRelayed()
    {
        for (int way = 0; way < Relayed.Count; way++)
        {
            IReadOnlyList<RelayedPacket> left = Relayed[way].Left;
            HashSet<PacketId> damaged =
                [.. left.Where(static packet => packet.IsDamaged).Select(static packet => packet.Id)];
            ILookup<ulong, PacketId> relayed = left.Select(static packet => packet.Id)
                .Where(id => id.IsTcp && !damaged.Contains(id)).ToLookup(static id => id.Flow);

            // Damage to ports or sequence numbers makes a segment that no one sent; the pod's kernel drops it.
            HashSet<PacketId> sound = [.. relayed.SelectMany(static flow => flow)];
            foreach (IGrouping<ulong, PacketId> flow in Heard[way].Where(sound.Contains).GroupBy(static id => id.Flow))
                FirstAstray(flow, relayed[flow.Key]).ShouldBeNull(
                    "it was overtaken, doubled or made up behind the underlay");
            Heard[way].Count.ShouldBeGreaterThan(0);
        }
    }

    public override string ToString()
    {
        RelayedPacket[] left = [.. Relayed.SelectMany(static way => way.Left).Where(static packet => packet.Id.IsTcp)];
        return $"{Overtaken} segments overtaken before the underlay, {left.Length} passed, "
            + $"{left.Count(static packet => packet.IsDamaged)} of them damaged, "
            + $"{Heard.Sum(static heard => heard.Count)} heard, "
            + $"{Arrived.Sum(static bytes => (long)bytes)} bytes delivered";
    }

    // The first of the ones heard that is not among those relayed behind the one before it.
    private static PacketId? FirstAstray(IEnumerable<PacketId> heard, IEnumerable<PacketId> relayed)
    {
        using IEnumerator<PacketId> next = relayed.GetEnumerator();
        foreach (PacketId id in heard)
        {
            do
            {
                if (!next.MoveNext()) return id;
            }
            while (next.Current != id);
        }

        return null;
    }
}
