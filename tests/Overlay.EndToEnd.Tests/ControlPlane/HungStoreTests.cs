using System.Diagnostics;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.ControlPlane;

/// <summary>A store that hangs, rather than fail, keeps no node from starting or stopping.</summary>
public class HungStoreTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    [Fact]
    public void A_node_whose_store_hangs_starts_with_what_it_knew_and_stops_when_told()
    {
        using Cluster cluster = Start("hung");
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        Cluster.WaitForSavedPeer(a, b);
        cluster.Daemons[0].Kill();
        using HungDirectory hung = new(cluster.Lab.LeaseDirectory);
        DaemonProcess daemon = a.StartDaemon();
        daemon.WaitForLog("peers of the last run");
        a.Pods[0].WaitForPing(b.Pods[0].AddressV4!);
        daemon.WaitReady();
        Cluster.Report(a, "status")
            .GetProperty("controlPlane").GetProperty("fromSavedState").GetBoolean().ShouldBeTrue();
        ShouldStop(daemon, a);
    }

    [Fact]
    public void A_node_whose_store_comes_to_hang_forwards_and_stops_when_told()
    {
        using LabNetwork lab = LabNetwork.Create(
            new LabOptions { Name = "hangs", Underlay = AddressFamilies.V4, Inner = AddressFamilies.V4 });
        HungDirectory.Share(lab.LeaseDirectory);
        try
        {
            DaemonProcess daemon = lab.StartDaemons()[0];
            (Node a, Node b) = (lab["a"], lab["b"]);
            Cluster.WaitForPeers(a, 1);
            using HungDirectory hung = new(lab.LeaseDirectory);
            Thread.Sleep(2000);
            a.Pods[0].Ping(b.Pods[0].AddressV4!).EnsureSuccess();
            ShouldStop(daemon, a);
        }
        finally
        {
            HungDirectory.Unshare(lab.LeaseDirectory);
        }
    }

    [Fact]
    public void A_data_plane_that_dies_before_the_lease_is_published_ends_the_process_non_zero()
    {
        using Cluster cluster = Start("early");
        Node a = cluster["a"];
        Cluster.WaitForSavedPeer(a, cluster["b"]);
        cluster.Daemons[0].Kill();
        using HungDirectory hung = new(cluster.Lab.LeaseDirectory);
        DaemonProcess daemon = a.StartDaemon();
        daemon.WaitForLog("peers of the last run");

        // The workers run by now, and publishing waits for the store.
        Thread.Sleep(500);
        a.Ip("link delete overlay.1");
        daemon.WaitForExit(_patience).ShouldBeTrue();
        daemon.Log.ShouldContain("cannot go on");
        daemon.ExitCode.ShouldBe(1, daemon.Log);
    }

    private static Cluster Start(string name) =>
        Cluster.Start(new LabOptions { Name = name, Underlay = AddressFamilies.V4, Inner = AddressFamilies.V4 });

    private static void ShouldStop(DaemonProcess daemon, Node node)
    {
        Stopwatch watch = Stopwatch.StartNew();
        daemon.Stop(_patience).ShouldBe(0, daemon.Log);
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(8));
        node.Run("ip", "link", "show").Output.ShouldNotContain("overlay.1");
        node.Run("ip", "route").Output.ShouldNotContain("proto 79");
    }
}
