using System.Net;
using Overlay.EndToEnd.Tests.Integrity;
using Overlay.EndToEnd.Tests.Tiers;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Traffic;

/// <summary>
/// Within one flow nothing overtakes, both ways at once, over links that pass super-packets whole: of those
/// <see cref="IntegrityTests"/> can see no packet.
/// </summary>
[Trait(BothTiers.Name, BothTiers.Yes)]
public class FlowOrderTests
{
    private const int Bursts = 50;

    [Fact]
    public async Task Datagrams_of_one_flow_arrive_in_the_order_they_were_sent()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "order" });
        (Pod one, Pod other) = (cluster["a"].Pods[0], cluster["b"].Pods[0]);
        foreach (Node node in cluster.Lab.Nodes) _ = node.Link.SetOffloads(true);
        (Pod From, Pod To, IPAddress Target)[] ways =
        [
            .. other.Addresses.Select(address => (one, other, address)),
            .. one.Addresses.Select(address => (other, one, address)),
        ];
        foreach ((Pod from, _, IPAddress target) in ways) from.Ping(target).EnsureSuccess();

        foreach ((Pod from, Pod to, IPAddress target)[] both in ways.GroupBy(static way => way.Target.AddressFamily)
            .Select(static family => family.ToArray()))
        {
            IReadOnlyList<int>[] flows = await Task.WhenAll(
                both.Select(way => Task.Run(() => NumberedFlow.Run(way.from, way.to, way.target, Bursts))));
            foreach (IReadOnlyList<int> arrived in flows)
            {
                // A burst may cost a datagram or two where the machine is busy; that is not what this is about.
                arrived.Count.ShouldBeGreaterThan(Bursts * 150);
                arrived.Zip(arrived.Skip(1))
                    .Where(pair => pair.First >= pair.Second).ShouldBeEmpty("one overtook another, or came twice");
            }
        }
    }
}
