using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Traffic;

/// <summary>Within one flow nothing overtakes: through real sockets and the TUN, both ways at once.</summary>
public class FlowOrderTests
{
    private const int Bursts = 50;

    [Theory]
    [InlineData(AddressFamilies.V4, true)]
    [InlineData(AddressFamilies.V4, false)]
    [InlineData(AddressFamilies.V6, true)]
    public async Task Datagrams_of_one_flow_arrive_in_the_order_they_were_sent(AddressFamilies family, bool offloads)
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "order", Underlay = family, Inner = family });
        (Pod one, Pod other) = (cluster["a"].Pods[0], cluster["b"].Pods[0]);
        foreach (Node node in cluster.Lab.Nodes) _ = node.Link.SetOffloads(offloads);
        foreach ((Pod from, Pod to) in new[] { (one, other), (other, one) })
            from.Ping(to.Addresses.Single()).EnsureSuccess();

        Task<IReadOnlyList<int>> there = Task.Run(() => NumberedFlow.Run(one, other, other.Addresses.Single(), Bursts));
        Task<IReadOnlyList<int>> back = Task.Run(() => NumberedFlow.Run(other, one, one.Addresses.Single(), Bursts));
        foreach (IReadOnlyList<int> arrived in await Task.WhenAll(there, back))
        {
            // A burst may cost a datagram or two where the machine is busy; that is not what this is about.
            arrived.Count.ShouldBeGreaterThan(Bursts * 150);
            arrived.Zip(arrived.Skip(1))
                .Where(pair => pair.First >= pair.Second).ShouldBeEmpty("one overtook another, or came twice");
        }
    }
}
