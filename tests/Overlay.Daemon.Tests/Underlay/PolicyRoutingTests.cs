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

    [Theory]
    [InlineData("-4", "10.244.0.0/16")]
    [InlineData("-6", "fd00:10:244::/56")]
    public void A_table_asked_before_main_that_has_a_route_to_pods_is_named(string family, string cluster)
    {
        Ip(family, "rule add priority 5270 lookup 300");
        Ip(family, "route add default dev eth0 table 300");
        string line = Diversions().ShouldHaveSingleItem();
        line.ShouldContain("rule 5270");
        line.ShouldContain("table 300");
        line.ShouldContain(cluster);
    }

    [Theory]
    [InlineData("-4", "172.16.0.0/12")]
    [InlineData("-6", "2001:db8::/32")]
    public void Tables_asked_after_main_and_routes_elsewhere_divert_nothing(string family, string elsewhere)
    {
        Ip(family, "rule add priority 40000 lookup 300");
        Ip(family, "route add default dev eth0 table 300");
        Ip(family, "rule add priority 5270 lookup 301");
        Ip(family, $"route add {elsewhere} dev eth0 table 301");
        Diversions().ShouldBeEmpty();
    }

    public void Dispose() => _lab.Dispose();

    private IReadOnlyList<string> Diversions()
    {
        Node.Ip("link add overlay.1 type bridge", "link set overlay.1 up", "route add 10.244.0.0/16 dev overlay.1",
            "route add fd00:10:244::/56 dev overlay.1");
        using RouteNetlink netlink = Node.Invoke(() => new RouteNetlink());
        PolicyRouting routing = new(netlink);
        LinkInfo device = netlink.FindLink("overlay.1")!;
        string?[] found =
        [
            Diversion("10.244.0.0/16", "10.244.2.2", "10.244.1.2"),
            Diversion("fd00:10:244::/56", "fd00:10:244:2::2", "fd00:10:244:1::2"),
        ];
        return [.. found.OfType<string>()];

        string? Diversion(string cluster, string destination, string source) => routing.FindDiversion(
            IpPrefix.Parse(cluster), IpAddress.Parse(destination), IpAddress.Parse(source), device, bridge: null);
    }

    private void Ip(string family, string line) => Node.Run("ip", [family, .. line.Split(' ')]).EnsureSuccess();
}
