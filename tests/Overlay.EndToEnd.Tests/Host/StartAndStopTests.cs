using System.Net;
using Overlay.EndToEnd.Tests.Fixtures;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;

namespace Overlay.EndToEnd.Tests.Host;

/// <summary>A daemon's start, stop, crash and restart: what it leaves, and what it takes up again.</summary>
public class StartAndStopTests
{
    [Fact]
    public void A_closed_terminal_is_a_stop_like_any_other()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "hangup" });
        Node a = cluster["a"];
        a.Run("kill", "-HUP", $"{cluster.Daemons[0].Pid}").EnsureSuccess();
        cluster.Daemons[0].WaitForExit(TimeSpan.FromSeconds(20)).ShouldBeTrue();
        cluster.Daemons[0].ExitCode.ShouldBe(0);
        File.Exists(a.LeaseFile).ShouldBeFalse();
        a.Run("ip", "route").Output.ShouldNotContain("proto 79");
    }

    [Fact]
    public void A_crash_leaves_nothing_that_stops_the_next_start()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "crash" });
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        cluster.Daemons[0].Kill();
        a.Run("ip", "route").Output.ShouldContain("blackhole", customMessage: "nobody was there to clean up");
        a.StartDaemon().WaitReady();
        foreach (IPAddress address in b.Pods[0].Addresses) a.Pods[0].Ping(address).EnsureSuccess();
    }

    [Fact]
    public void Without_its_store_a_restarted_node_forwards_to_the_peers_it_knew()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "away" });
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        Cluster.WaitForSavedPeer(a, b);
        cluster.Daemons[0].Kill();
        string file = Path.Combine(a.Directory, "no-directory");
        File.WriteAllText(file, "");
        a.WriteConfig(overlay => overlay["ControlPlane"]!["File"]!["Directory"] = file);
        DaemonProcess daemon = a.StartDaemon();
        daemon.WaitForLog("peers of the last run");
        foreach (IPAddress address in b.Pods[0].Addresses) a.Pods[0].WaitForPing(address);
    }

    [Fact]
    public void Who_held_a_pod_cidr_before_a_restart_still_holds_it()
    {
        using Cluster cluster =
            Cluster.Start(new LabOptions { Name = "held", Underlay = AddressFamilies.V4, Inner = AddressFamilies.V4 });
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        new VxlanPeer(b.PodCidrV4, IPAddress.Parse("192.168.77.9"), "02:00:00:00:04:09", null, null, null)
            .Write(Path.Combine(cluster.Lab.LeaseDirectory, "aaa.json"), 1);
        Waiting.For(() => Cluster.Report(a, "peers").GetArrayLength() == 2);
        Routes.ViaOf(a, "10.244.2.0/24").ShouldBe("192.168.77.2");

        cluster.Daemons[0].Stop().ShouldBe(0);
        a.StartDaemon().WaitReady();
        Routes.ViaOf(a, "10.244.2.0/24").ShouldBe("192.168.77.2");
    }

    [Fact]
    public void A_data_plane_that_dies_ends_the_process_non_zero()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "dies" });
        cluster["a"].Ip("link delete overlay.1");
        cluster.Daemons[0].WaitForExit(TimeSpan.FromSeconds(10)).ShouldBeTrue();
        cluster.Daemons[0].ExitCode.ShouldBe(1);
        cluster.Daemons[0].Log.ShouldContain("overlay.1");
    }

    [Fact]
    public void A_start_that_fails_half_way_leaves_nothing()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "halfway", Nodes = 1 });
        Node node = lab.Nodes[0];
        node.WriteConfig(static overlay => overlay["SubnetFile"] = "/proc/nowhere/subnet.env");
        DaemonProcess daemon = node.StartDaemon();
        daemon.WaitForExit(TimeSpan.FromSeconds(20)).ShouldBeTrue();
        daemon.ExitCode.ShouldBe(1, daemon.Log);
        daemon.Log.ShouldContain("/proc/nowhere");
        daemon.Log.ShouldNotContain("   at ");
        File.Exists(node.LeaseFile).ShouldBeFalse();
        File.Exists(node.SubnetFile).ShouldBeFalse();
        node.Run("ip", "link", "show").Output.ShouldNotContain("overlay.1");
        node.Run("ip", "route").Output.ShouldNotContain("proto 79");
    }

    [Fact]
    public void Told_to_stop_while_the_store_cannot_be_read_it_stops()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "waiting", Nodes = 1 });
        Node node = lab.Nodes[0];
        DaemonProcess daemon = UnreadableStore.StartDaemon(node);
        daemon.WaitForLog("cannot be read");
        daemon.Stop().ShouldBe(0, daemon.Log);
        node.Run("ip", "link", "show").Output.ShouldNotContain("overlay.1");
    }
}
