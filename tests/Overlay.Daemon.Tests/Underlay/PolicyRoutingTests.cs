using Overlay.Daemon.Underlay;
using Overlay.Host.Netlink;
using Overlay.Lab.Topology;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

public sealed class PolicyRoutingTests : IDisposable
{
    private readonly LabNetwork _lab =
        LabNetwork.Create(new LabOptions { Name = "policy", Nodes = 1, PodsPerNode = 0 });

    private Node Node => _lab.Nodes[0];

    [Fact]
    public void A_plain_host_diverts_nothing() => Diversions().ShouldBeEmpty();

    [Fact]
    public void A_table_asked_before_main_that_has_a_route_to_pods_is_named()
    {
        Node.Ip("rule add priority 5270 lookup 300", "route add default dev eth0 table 300");
        string line = Diversions().ShouldHaveSingleItem();
        line.ShouldContain("rule 5270");
        line.ShouldContain("table 300");
        line.ShouldContain("10.244.0.0/16");
    }

    [Fact]
    public void Tables_asked_after_main_and_routes_elsewhere_divert_nothing()
    {
        Node.Ip("rule add priority 40000 lookup 300", "route add default dev eth0 table 300",
            "rule add priority 5270 lookup 301", "route add 172.16.0.0/12 dev eth0 table 301");
        Diversions().ShouldBeEmpty();
    }

    public void Dispose() => _lab.Dispose();

    private IReadOnlyList<string> Diversions()
    {
        Node.Ip("link add overlay.1 type bridge", "link set overlay.1 up", "route add 10.244.0.0/16 dev overlay.1");
        using RouteNetlink netlink = Node.Invoke(() => new RouteNetlink());
        string? diversion = new PolicyRouting(netlink).FindDiversion(
            IpPrefix.Parse("10.244.0.0/16"), IpAddress.Parse("10.244.2.2"), IpAddress.Parse("10.244.1.2"),
            netlink.FindLink("overlay.1")!, null);
        return diversion is null ? [] : [diversion];
    }
}
