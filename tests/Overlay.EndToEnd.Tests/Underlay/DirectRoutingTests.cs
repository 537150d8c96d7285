using System.Net;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Underlay;

/// <summary>Peers on a network of the node's own are reached by plain routes where direct routing is on.</summary>
public class DirectRoutingTests
{
    private const int EmptyPcap = 24;

    [Fact]
    public void Pods_of_two_nodes_on_one_switch_talk_without_a_tunnel()
    {
        using Cluster cluster = Start("direct", static _ => true);
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        Waiting.For(() => Shows(a, "10.244.2.0/24 via 192.168.77.2") && Shows(b, "10.244.1.0/24 via 192.168.77.1"));
        Waiting.For(() => Shows(a, "fd00:10:244:2::/64 via fd77::2") && Shows(b, "fd00:10:244:1::/64 via fd77::1"));
        VxlanBytesDuring(a, () =>
        {
            foreach (IPAddress address in b.Pods[0].Addresses) a.Pods[0].Ping(address, 3).EnsureSuccess();
            foreach (IPAddress address in a.Pods[0].Addresses) b.Pods[0].Ping(address, 3).EnsureSuccess();
        }).ShouldBe(EmptyPcap);
        PathOf(a).ShouldBe("direct");

        cluster.Daemons[0].Stop().ShouldBe(0);
        a.Run("ip", "route").Output.ShouldNotContain("proto 79");
        a.Run("ip", "-6", "route").Output.ShouldNotContain("proto 79");
    }

    [Fact]
    public void One_node_alone_may_do_it_whatever_the_kernels_reverse_path_filter_was()
    {
        using LabNetwork lab = LabNetwork.Create(
            new LabOptions { Name = "onesided", Underlay = AddressFamilies.V4, Inner = AddressFamilies.V4 });
        (Node a, Node b) = (lab["a"], lab["b"]);
        a.Set("net/ipv4/conf/all/rp_filter", "1");
        a.WriteConfig(overlay => overlay["Network"]!["DirectRouting"] = true);
        _ = lab.StartDaemons();
        Cluster.WaitForPeers(a, 1);
        Cluster.WaitForPeers(b, 1);
        Waiting.For(() => Shows(a, "10.244.2.0/24 via 192.168.77.2"));

        // Out plainly, back by the tunnel, and the other way round.
        VxlanBytesDuring(a, () =>
        {
            a.Pods[0].Ping(b.Pods[0].AddressV4!, 3).EnsureSuccess();
            b.Pods[0].Ping(a.Pods[0].AddressV4!, 3).EnsureSuccess();
        }).ShouldBeGreaterThan(EmptyPcap);
        PathOf(b).ShouldBe("tunnel");
        Cluster.Report(a, "status")
            .GetProperty("warnings")[0].GetString()!.ShouldContain("net.ipv4.conf.eth0.rp_filter");
        Cluster.Report(a, "status").GetProperty("state").GetString().ShouldBe("forwarding");
    }

    [Fact]
    public void A_peer_behind_a_gateway_stays_in_the_tunnel_and_the_decision_follows_the_routes()
    {
        using LabNetwork lab = LabNetwork.Create(
            new LabOptions { Name = "routed", Underlay = AddressFamilies.V4, Inner = AddressFamilies.V4 });
        (Node a, Node b) = (lab["a"], lab["b"]);
        lab.Switch.Set("net/ipv4/ip_forward", "1");
        lab.Switch.Set("net/ipv4/conf/all/send_redirects", "0");
        lab.Switch.Set("net/ipv4/conf/switch/send_redirects", "0");
        a.Ip("route add 192.168.77.2/32 via 192.168.77.254");
        foreach (Node node in lab.Nodes) node.WriteConfig(overlay => overlay["Network"]!["DirectRouting"] = true);
        IReadOnlyList<DaemonProcess> daemons = lab.StartDaemons();
        Cluster.WaitForPeers(a, 1);
        Waiting.For(() => Shows(b, "10.244.1.0/24 via 192.168.77.1"));
        a.Pods[0].WaitForPing(b.Pods[0].AddressV4!);
        Shows(a, "10.244.2.0/24").ShouldBeFalse();
        PathOf(a).ShouldBe("tunnel");

        a.Ip("route delete 192.168.77.2/32");
        Waiting.For(() => Shows(a, "10.244.2.0/24 via 192.168.77.2"));
        a.Pods[0].Ping(b.Pods[0].AddressV4!).EnsureSuccess();
        a.Ip("route add 192.168.77.2/32 via 192.168.77.254");
        Waiting.For(() => !Shows(a, "10.244.2.0/24"));
        a.Pods[0].Ping(b.Pods[0].AddressV4!).EnsureSuccess();
        a.Ip("route delete 192.168.77.2/32");
        Waiting.For(() => Shows(a, "10.244.2.0/24 via 192.168.77.2"));

        // Somebody else's hand is noticed; a peer that leaves takes its route with it.
        a.Ip("route delete 10.244.2.0/24");
        Waiting.For(() => Shows(a, "10.244.2.0/24 via 192.168.77.2"));
        daemons[1].Stop().ShouldBe(0);
        Waiting.For(() => !Shows(a, "10.244.2.0/24"));
    }

    [Fact]
    public void A_crash_leaves_routes_that_the_next_start_takes_over_and_a_foreign_route_is_left_and_told()
    {
        using Cluster cluster = Start("leftover", static _ => true, AddressFamilies.V4);
        Node a = cluster["a"];
        Waiting.For(() => Shows(a, "10.244.2.0/24 via 192.168.77.2"));
        cluster.Daemons[0].Kill();
        a.Ip("route add 10.244.77.0/24 via 192.168.77.2 proto 79");
        a.WriteConfig(overlay => overlay["Network"]!["DirectRouting"] = false);
        DaemonProcess plain = a.StartDaemon();
        plain.WaitReady();
        a.Run("ip", "route").Output.ShouldNotContain("via 192.168.77.2 ");
        plain.Stop().ShouldBe(0);

        a.Ip("route add 10.244.2.0/24 via 192.168.77.254 proto static");
        a.WriteConfig(overlay => overlay["Network"]!["DirectRouting"] = true);
        DaemonProcess daemon = a.StartDaemon();
        daemon.WaitForLog("stands where the direct one to 10.244.2.0/24");
        a.Run("ip", "route").Output.ShouldContain("10.244.2.0/24 via 192.168.77.254 dev eth0 proto static");
        daemon.WaitReady();
        Cluster.Report(a, "status").GetProperty("warnings")[0].GetString()!.ShouldContain("10.244.2.0/24");
        a.Ip("route delete 10.244.2.0/24 proto static");
        Waiting.For(() => Shows(a, "10.244.2.0/24 via 192.168.77.2"));
    }

    private static Cluster Start(
        string name, Func<string, bool> isDirect, AddressFamilies families = AddressFamilies.Dual) => Cluster.Start(
        new LabOptions { Name = name, Underlay = families, Inner = families },
        overlay => overlay["Network"]!["DirectRouting"] = isDirect(overlay["NodeName"]!.GetValue<string>()));

    private static bool Shows(Node node, string route) =>
        node.Run("ip", "route", "show", "proto", "79").Output.Contains(route, StringComparison.Ordinal)
        || node.Run("ip", "-6", "route", "show", "proto", "79").Output.Contains(route, StringComparison.Ordinal);

    private static string? PathOf(Node node) => Cluster.Report(node, "peers")[0].GetProperty("path").GetString();

    private static long VxlanBytesDuring(Node node, Action traffic)
    {
        string file = Path.Combine(node.Directory, "vxlan.pcap");
        BackgroundProcess capture = node.Link.StartCapture(file, "udp port 8472");
        traffic();
        _ = capture.Stop();
        return new FileInfo(file).Length;
    }
}
