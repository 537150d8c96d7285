using System.Text.Json;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Traffic;

/// <summary>
/// A kernel that offers to take super-packets and refuses each write of one with EINVAL, as some do: played by strace,
/// which refuses every writev of the daemon.
/// </summary>
public class RefusedSuperPacketTests
{
    private const int Bulk = 16 * 1024 * 1024;

    [Fact]
    public void Bulk_tcp_passes_and_status_says_that_super_packets_are_cut_here()
    {
        using Cluster cluster = Cluster.Start(
            new LabOptions { Name = "refused", Underlay = AddressFamilies.V4, Inner = AddressFamilies.V4 });
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        Offloads(a).ShouldContain("TunTcp");
        BackgroundProcess kernel = a.Start(
            "strace", "-f", "-e", "trace=writev", "-e", "inject=writev:error=EINVAL", "-o", "/dev/null", "-p",
            $"{cluster.Daemons[0].Pid}");
        try
        {
            kernel.WaitForLog("attached");
            TcpTransfer.Check(b.Pods[0], a.Pods[0], a.Pods[0].AddressV4!, Bulk);
        }
        finally
        {
            _ = kernel.Stop();
        }

        Cluster.Report(a, "status").GetProperty("warnings").EnumerateArray()
            .ShouldContain(warning => warning.GetString()!.StartsWith($"overlay.{a.Options.Vni} refuses TCP super-packets"));
        Offloads(a).ShouldNotContain("TunTcp");
        Cluster.Dropped(a, "SkbGsoSeg").ShouldBe(0);
        cluster.Daemons[0].Log.Split("refuses TCP super-packets").Length.ShouldBe(2, "said once");
    }

    private static IEnumerable<string> Offloads(Node node) =>
        Cluster.Report(node, "status").GetProperty("dataplane").GetProperty("offloads").EnumerateArray()
            .Select(static (JsonElement offload) => offload.GetString()!);
}
