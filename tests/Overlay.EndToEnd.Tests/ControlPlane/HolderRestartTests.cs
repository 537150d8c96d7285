using System.Net;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;

namespace Overlay.EndToEnd.Tests.ControlPlane;

/// <summary>
/// Who held a pod CIDR first still holds it when its daemon has been restarted, whoever waits for it.
/// </summary>
public class HolderRestartTests
{
    private const string Held = "10.244.2.0/24";

    [Fact]
    public void A_holder_that_restarts_gets_its_pod_cidr_back_from_a_waiting_rival()
    {
        using Cluster cluster = Cluster.Start(
            new LabOptions { Name = "holder", Underlay = AddressFamilies.V4, Inner = AddressFamilies.V4 });
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        AddRival(cluster);
        foreach (Node node in cluster.Lab.Nodes) Waiting.For(() => IsRefused(node, "rival"));

        cluster.Daemons[1].Stop().ShouldBe(0);
        Waiting.For(() => Routes.ViaOf(a, Held) is null);
        Thread.Sleep(1000);
        Routes.ViaOf(a, Held).ShouldBeNull("a rival that waits is not let in while the holder may be restarting");

        DaemonProcess again = b.StartDaemon();
        again.WaitReady();
        Waiting.For(() => Routes.ViaOf(a, Held) == "192.168.77.2");
        a.Pods[0].WaitForPing(b.Pods[0].AddressV4!);
        IsRefused(a, "rival").ShouldBeTrue();
    }

    [Fact]
    public void A_newcomer_does_not_get_in_by_being_restarted()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "newcomer", Nodes = 1, PodsPerNode = 0 });
        new VxlanPeer(lab.Nodes[0].PodCidrV4, IPAddress.Parse("192.168.77.9"), "02:00:00:00:04:09", null, null, null)
            .Write(Path.Combine(lab.LeaseDirectory, "earlier.json"), 1);
        for (int start = 0; start < 2; start++)
        {
            DaemonProcess daemon = lab.Nodes[0].StartDaemon();
            daemon.WaitForExit(TimeSpan.FromSeconds(20)).ShouldBeTrue();
            daemon.ExitCode.ShouldBe(78, daemon.Log);
        }
    }

    private static void AddRival(Cluster cluster) =>
        new VxlanPeer(IPNetwork.Parse(Held), IPAddress.Parse("192.168.77.9"), "02:00:00:00:04:09", null, null, null)
            .Write(Path.Combine(cluster.Lab.LeaseDirectory, "rival.json"), 1);

    private static bool IsRefused(Node node, string peer) => Cluster.Report(node, "peers").EnumerateArray()
        .Any(entry =>
            entry.GetProperty("node").GetString() == peer && entry.GetProperty("state").GetString() == "refused");
}
