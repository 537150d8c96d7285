using System.Net;
using System.Text.Json;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Host;

/// <summary>overlayctl trace beside what really happens to packets.</summary>
public sealed class TraceTests
{
    [Fact]
    public void A_packet_between_two_nodes_is_followed_on_both_and_both_ways()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "trace" });
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        foreach ((string here, string there, string via, int overhead) in new[]
        {
            ($"{a.Pods[0].AddressV4}", $"{b.Pods[0].AddressV4}", "192.168.77.2", 50),
            ($"{a.Pods[0].AddressV6}", $"{b.Pods[0].AddressV6}", "fd77::2", 70),
        })
        {
            a.Pods[0].Ping(IPAddress.Parse(there), 1).EnsureSuccess();
            CommandResult trace = a.Overlayctl("trace", here, there, "--tcp", "80").EnsureSuccess();
            trace.Output.ShouldContain($"{here} is of this node's pods");
            trace.Output.ShouldContain($"{there} is of node b's pods");
            trace.Output.ShouldContain("leads to overlay.1, where overlayd reads it");
            trace.Output.ShouldContain($"with {overhead} bytes of VXLAN up to 1500, and eth0 takes 1500");
            trace.Output.ShouldContain($"to {via} port 8472, VNI 1");
            trace.Output.ShouldContain("node b must send it from 192.168.77.2 or fd77::2");
            trace.Output.ShouldContain("leads to cni0");
            b.Overlayctl("trace", there, here).EnsureSuccess().Output.ShouldContain("node a gets it");
        }
    }

    [Fact]
    public void The_step_that_ends_a_way_says_why()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "traceno" });
        Node a = cluster["a"];
        string pod = $"{a.Pods[0].AddressV4}";
        string peer = $"{cluster["b"].Pods[0].AddressV4}";

        Failing(a, pod, "10.244.77.1").ShouldContain("dropped (IpOutNoRoutes)");
        a.Pods[0].Ping(IPAddress.Parse("10.244.77.1"), 1).Succeeded.ShouldBeFalse();
        Cluster.Dropped(a, "IpOutNoRoutes", "egress").ShouldBeGreaterThan(0);
        Failing(a, "10.244.77.1", pod).ShouldContain("dropped (SourceNotAllowed)");
        Failing(a, peer, "10.244.77.1").ShouldContain("neither address is this node's");

        a.Ip("route add 10.244.2.0/25 dev eth0");
        Failing(a, pod, peer).ShouldContain("the route 10.244.2.0/25 leads to eth0, and not to overlay.1");
        a.Ip("route delete 10.244.2.0/25 dev eth0", "route add unreachable 192.168.77.2/32");
        Failing(a, pod, peer).ShouldContain("dropped (UnderlayUnreachable)");
    }

    [Fact]
    public void Ways_within_the_node_and_out_of_the_cluster_are_told_apart()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "traceout" });
        Node a = cluster["a"];
        string pod = $"{a.Pods[0].AddressV4}";
        a.Overlayctl("trace", pod, "10.244.1.9").EnsureSuccess().Output
            .ShouldContain("overlayd does not see the packet");
        foreach (string own in new[] { "10.244.1.0", "10.244.1.1", "192.168.77.1" })
        {
            a.Overlayctl("trace", pod, own).EnsureSuccess().Output.ShouldContain($"this node has {own} itself");
            a.Overlayctl("trace", $"{cluster["b"].Pods[0].AddressV4}", own == "192.168.77.1" ? pod : own).EnsureSuccess();
        }

        a.Ip("route replace default via 192.168.77.254");
        a.Overlayctl("trace", pod, "198.51.100.7").EnsureSuccess().Output.ShouldContain("leaves the cluster");
    }

    [Fact]
    public void Bad_addresses_get_one_line_and_json_has_every_step()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "tracebad" });
        Node a = cluster["a"];
        string pod = $"{a.Pods[0].AddressV4}";
        a.Overlayctl("trace", pod, "10.244.2").Error.Trim().ShouldBe(
            "overlayctl: '10.244.2' is no IP address; example: overlayctl trace 10.244.1.2 10.244.2.2");
        a.Overlayctl("trace", pod, "fd00::1").Error.ShouldContain("are of two families");
        a.Overlayctl("trace", pod, "10.244.2.2", "--tcp", "0").ExitCode.ShouldBe(2);
        JsonElement json = JsonDocument.Parse(
            a.Overlayctl("trace", pod, $"{cluster["b"].Pods[0].AddressV4}", "-o", "json").EnsureSuccess().Output).RootElement;
        json.GetProperty("there").EnumerateArray().Select(static step => step.GetProperty("step").GetString())
            .ShouldBe(["source", "destination", "route", "peer", "mtu", "outer", "underlay", "verdict"]);
    }

    private static string Failing(Node node, string source, string destination)
    {
        CommandResult trace = node.Overlayctl("trace", source, destination);
        trace.ExitCode.ShouldBe(1, trace.Output + trace.Error);
        return trace.Output;
    }
}
