using System.Text.Json;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Traffic;

/// <summary>Kernels that offer an offload and then refuse its use.</summary>
public class RefusedOffloadTests
{
    private const int Bulk = 16 * 1024 * 1024;

    private static readonly LabOptions _lab = new() { Underlay = AddressFamilies.V4, Inner = AddressFamilies.V4 };

    [Fact]
    public void Where_the_TUN_refuses_super_packets_bulk_tcp_passes_and_status_says_that_they_are_cut_here()
    {
        using Cluster cluster = Cluster.Start(_lab with { Name = "notun" });
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        Offloads(a).ShouldContain("TunTcp");
        using (new RefusingKernel(a, cluster.Daemons[0], "writev", "error=EINVAL"))
            TcpTransfer.Check(b.Pods[0], a.Pods[0], a.Pods[0].AddressV4!, Bulk);

        Cluster.Texts(a, "warnings")
            .ShouldContain(warning => warning.StartsWith($"overlay.{a.Options.Vni} refuses TCP super-packets"));
        Offloads(a).ShouldNotContain("TunTcp");
        Cluster.Dropped(a, "SkbGsoSeg").ShouldBe(0);
        cluster.Daemons[0].Log.Split("refuses TCP super-packets").Length.ShouldBe(2, "said once");
    }

    /// <summary>EIO is what a kernel says where an IPsec policy stands before the peer.</summary>
    [Fact]
    public void Where_the_way_to_one_peer_refuses_to_segment_the_others_are_not_slowed()
    {
        using Cluster cluster = Cluster.Start(_lab with { Name = "nogso", Nodes = 3 });
        (Node a, Node b, Node c) = (cluster["a"], cluster["b"], cluster["c"]);
        using (new RefusingKernel(a, cluster.Daemons[0], "sendmmsg", "error=EIO:when=1+3"))
            TcpTransfer.Check(a.Pods[0], b.Pods[0], b.Pods[0].AddressV4!, Bulk / 8);
        MaxSegments(a).ShouldBe(1, "b gets each datagram by itself");

        TcpTransfer.Check(a.Pods[0], b.Pods[0], b.Pods[0].AddressV4!, Bulk);
        MaxSegments(a).ShouldBe(1, "for a while");
        TcpTransfer.Check(a.Pods[0], c.Pods[0], c.Pods[0].AddressV4!, Bulk);
        MaxSegments(a).ShouldBeGreaterThan(1);
    }

    private static IEnumerable<string> Offloads(Node node) =>
        Dataplane(node).GetProperty("offloads").EnumerateArray().Select(static offload => offload.GetString()!);

    private static int MaxSegments(Node node) => Dataplane(node).GetProperty("maxSegments").GetInt32();

    private static JsonElement Dataplane(Node node) => Cluster.Report(node, "status").GetProperty("dataplane");
}
