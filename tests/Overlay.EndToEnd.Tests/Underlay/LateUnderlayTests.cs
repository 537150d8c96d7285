using System.Text.Json;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Underlay;

/// <summary>The network comes after the daemon: it waits, says for what, and goes on by itself.</summary>
public class LateUnderlayTests
{
    private const string Gateway = "route replace default via 192.168.77.254";

    [Theory]
    [InlineData("wan0", "link set eth0 down", "the interface wan0",
        "link set eth0 name wan0", "link set wan0 up", Gateway)]
    [InlineData("eth0", "address delete 192.168.77.1/24 dev eth0", "eth0 to have an IPv4 or IPv6 address",
        "address add 192.168.77.1/24 dev eth0", Gateway)]
    [InlineData("192.168.77.1", "address delete 192.168.77.1/24 dev eth0", "an interface with the address 192.168.77.1",
        "address add 192.168.77.1/24 dev eth0", Gateway)]
    [InlineData("", "route delete default", "a default route", Gateway)]
    public void A_start_before_the_network_waits_for_it(
        string name, string before, string wanted, params string[] coming)
    {
        using LabNetwork lab = LabNetwork.Create(
            new LabOptions { Name = "late", Underlay = AddressFamilies.V4, Inner = AddressFamilies.V4 });
        (Node a, Node b) = (lab["a"], lab["b"]);
        b.WriteConfig();
        a.WriteConfig(overlay => overlay["Interface"] = name);
        DaemonProcess there = b.StartDaemon();
        a.Ip(before);
        DaemonProcess daemon = a.StartDaemon();
        daemon.WaitForLog($"waiting for {wanted}");
        JsonElement status = Cluster.Report(a, "status");
        status.GetProperty("waitingFor").GetString()!.ShouldStartWith(wanted);
        status.GetProperty("state").GetString().ShouldBe("starting");

        a.Ip(coming);
        daemon.WaitReady();
        there.WaitReady();
        Cluster.WaitForPeers(a, 1);
        a.Pods[0].WaitForPing(b.Pods[0].AddressV4!);
        Cluster.Report(a, "status").TryGetProperty("waitingFor", out JsonElement left);
        left.ValueKind.ShouldBeOneOf(JsonValueKind.Null, JsonValueKind.Undefined);
    }

    [Fact]
    public void Told_to_stop_while_it_waits_it_stops_and_leaves_nothing()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "later", Nodes = 1, PodsPerNode = 0 });
        Node node = lab.Nodes[0];
        node.WriteConfig(static overlay => overlay["Interface"] = "wan0");
        DaemonProcess daemon = node.StartDaemon();
        daemon.WaitForLog("waiting for the interface wan0");
        daemon.Stop().ShouldBe(0, daemon.Log);
        node.Run("ip", "link").Output.ShouldNotContain("overlay.1");
    }

    [Fact]
    public void An_address_on_the_loopback_device_carries_tunnels_with_the_mtu_of_the_way_out()
    {
        using LabNetwork lab = LabNetwork.Create(
            new LabOptions { Name = "bgp", Underlay = AddressFamilies.V4, Inner = AddressFamilies.V4 });
        (Node a, Node b) = (lab["a"], lab["b"]);
        foreach ((Node node, int number) in new[] { (a, 1), (b, 2) })
        {
            node.Ip($"address add 192.0.2.{number}/32 dev lo");
            (node == a ? b : a).Ip($"route add 192.0.2.{number}/32 via {node.UnderlayV4}");
            node.WriteConfig(overlay => overlay["Interface"] = $"192.0.2.{number}");
        }

        _ = lab.StartDaemons();
        Cluster.WaitForPeers(a, 1);
        Cluster.Report(a, "status").GetProperty("mtu").GetInt32().ShouldBe(1450);
        a.Pods[0].WaitForPing(b.Pods[0].AddressV4!);
        a.Pods[0].Ping(b.Pods[0].AddressV4!, 2, "-M", "do", "-s", "1422").EnsureSuccess();
    }

    [Fact]
    public void In_the_place_of_its_address_comes_one_of_its_network_and_no_virtual_one()
    {
        using Cluster cluster = Cluster.Start(
            new LabOptions { Name = "virtual", Underlay = AddressFamilies.V4, Inner = AddressFamilies.V4 });
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        a.Ip("address add 192.168.77.100/32 dev eth0", "address delete 192.168.77.1/24 dev eth0");
        Waiting.For(() => Cluster.Report(a, "status").GetProperty("state").GetString() == "impaired");
        a.Ip("address add 192.168.77.7/24 dev eth0", Gateway);
        Waiting.For(() => Routes.ViaOf(b, "10.244.1.0/24") == "192.168.77.7", 20);
        b.Pods[0].WaitForPing(a.Pods[0].AddressV4!);
    }
}
