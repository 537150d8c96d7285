using System.Net;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;

namespace Overlay.EndToEnd.Tests.Host;

/// <summary>
/// What overlayd finds on its node or in its store contradicts its configuration, and ends it with both named.
/// </summary>
public sealed class BadConfigurationTests : IDisposable
{
    private readonly RefusedStarts _starts = new();

    private Node Node => _starts.Node;

    [Fact]
    public void A_pod_cidr_that_another_node_holds_is_refused_with_both_names()
    {
        new VxlanPeer(Node.PodCidrV4, IPAddress.Parse("192.168.77.2"), "02:00:00:00:04:02", null, null, null)
            .Write(Path.Combine(_starts.Lab.LeaseDirectory, "earlier.json"), 1);
        Node.WriteConfig();
        string line = _starts.LineOfRefusedStart();
        line.ShouldContain("node a");
        line.ShouldContain("node earlier");
        line.ShouldContain("10.244.1.0/24");
    }

    [Fact]
    public void A_public_address_that_another_node_has_is_refused_with_both_names()
    {
        new VxlanPeer(IPNetwork.Parse("10.244.7.0/24"), Node.UnderlayV4, "02:00:00:00:04:02", null, null, null)
            .Write(Path.Combine(_starts.Lab.LeaseDirectory, "earlier.json"), 1);
        Node.WriteConfig();
        string line = _starts.LineOfRefusedStart();
        line.ShouldContain("node earlier");
        line.ShouldContain("192.168.77.1");
    }

    [Fact]
    public void A_route_of_somebody_else_where_ours_belongs_is_named_and_stays()
    {
        Node.Ip("route add 10.244.0.0/16 via 192.168.77.250 proto static");
        Node.WriteConfig();
        string line = _starts.LineOfRefusedStart();
        line.ShouldContain("Overlay:Network:Cidr '10.244.0.0/16'");
        line.ShouldNotContain("delete", customMessage: "it is not ours to give away");
        Node.Run("ip", "route").Output.ShouldContain("10.244.0.0/16 via 192.168.77.250 dev eth0 proto static");
        Node.Run("ip", "route").Output.ShouldNotContain("proto 79");
    }

    [Fact]
    public void A_file_in_the_place_of_the_admin_socket_is_named_and_stays()
    {
        File.WriteAllText(Node.Socket, "precious");
        Node.WriteConfig();
        _starts.LineOfRefusedStart().ShouldContain(Node.Socket);
        File.ReadAllText(Node.Socket).ShouldBe("precious");
    }

    public void Dispose() => _starts.Dispose();
}
