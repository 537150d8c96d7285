using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Faults;

/// <summary>Two hosts that are configured with one node's name, as clones of one machine are.</summary>
public class NameFaultTests
{
    [Fact]
    public void A_second_daemon_of_a_name_is_named_by_both_and_its_stop_gives_the_first_one_its_lease_back()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "name", Nodes = 3 });
        (Node a, Node b, Node c) = (cluster["a"], cluster["b"], cluster["c"]);
        cluster.Daemons[2].Stop().ShouldBe(0);
        c.WriteConfig(static overlay => overlay["NodeName"] = "a");
        DaemonProcess second = c.StartDaemon();
        second.WaitForLog("if another host uses this name, give each its own Overlay:NodeName");
        Waiting.For(() => Problems(a).Any(static problem => problem.Contains(
            "another host uses the node name a: it has written 192.168.77.3", StringComparison.Ordinal)));

        second.Stop().ShouldBe(0);
        b.Pods[0].WaitForPing(a.Pods[0].AddressV4!, TimeSpan.FromSeconds(20));
        Waiting.For(() => Problems(a).Length == 0);
    }

    private static string[] Problems(Node node) =>
        [.. Cluster.Report(node, "status").GetProperty("controlPlane").GetProperty("problems").EnumerateArray()
            .Select(static problem => problem.GetString()!)];
}
