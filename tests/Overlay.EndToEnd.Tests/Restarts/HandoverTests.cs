using System.Net.Sockets;
using System.Text.RegularExpressions;
using Overlay.EndToEnd.Tests.Migration;
using Overlay.EndToEnd.Tests.Traffic;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;
using Overlay.Testing;

namespace Overlay.EndToEnd.Tests.Restarts;

/// <summary>One overlayd takes a node over from another while packets flow: none of them is lost.</summary>
[Collection(Alone.Name)]
public sealed class HandoverTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    // Two processors carry pods, both nodes and the start of a runtime: more than that is lost to the start's hunger.
    private static int PerSecond => LongRun.Is ? 10_000 : 1_000;

    [Fact]
    public void A_daemon_that_is_started_beside_one_takes_its_node_over_without_losing_a_packet()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "handover" });
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        (Pod podA, Pod podB) = (a.Pods[0], b.Pods[0]);
        podA.WaitForPing(podB.AddressV4!);
        using OpenConnection connection = new(podA, podB, podB.AddressV6!);
        connection.Exchange();

        DaemonProcess former = cluster.Daemons[0];
        using PacedFlow egress = new(podA, podB, podB.AddressV4!, PerSecond);
        using PacedFlow ingress = new(podB, podA, podA.AddressV4!, PerSecond);
        for (int times = 0; times < (LongRun.Is ? 10 : 2); times++)
        {
            Thread.Sleep(300);
            DaemonProcess next = a.StartDaemon();
            next.WaitForLog("is taken over from another overlayd");
            former.WaitForExit(_patience).ShouldBeTrue();
            former.ExitCode.ShouldBe(0, former.Log);
            former.Log.ShouldNotContain("WRN");
            next.WaitReady();
            next.Log.ShouldNotContain("WRN");
            LongRun.Note($"hand-over: {Pause(next)}");
            former = next;
        }

        connection.Exchange();
        Check(egress, ingress);
        File.Exists(a.SubnetFile).ShouldBeTrue();
        former.Stop().ShouldBe(0);
        a.Run("ip", "link", "show", "overlay.1").Succeeded.ShouldBeFalse("the last one leaves nothing");
    }

    [Fact]
    public async Task A_bulk_transfer_goes_on_over_a_hand_over_byte_for_byte()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "handbulk" });
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        a.Pods[0].WaitForPing(b.Pods[0].AddressV4!);
        using CancellationTokenSource over = new();
        Task transfers = Task.Run(() =>
        {
            do TcpTransfer.Check(a.Pods[0], b.Pods[0], b.Pods[0].AddressV4!, 64 * 1024 * 1024);
            while (!over.IsCancellationRequested);
        });
        DaemonProcess next = a.StartDaemon();
        next.WaitForLog("is taken over from another overlayd");
        Thread.Sleep(300);
        await over.CancelAsync();
        await transfers.WaitAsync(TimeSpan.FromSeconds(60));
        LongRun.Note($"hand-over under bulk TCP: {Pause(next)}");
    }

    [Fact]
    public void A_successor_that_fails_leaves_the_node_to_the_one_before()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "handfail" });
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        (Pod podA, Pod podB) = (a.Pods[0], b.Pods[0]);
        podA.WaitForPing(podB.AddressV4!);
        using PacedFlow egress = new(podA, podB, podB.AddressV4!, PerSecond);
        using PacedFlow ingress = new(podB, podA, podA.AddressV4!, PerSecond);

        // Behind the moment in which it has got the packets: it cannot write its file.
        DaemonProcess failing = a.StartDaemon("--SubnetFile", "/proc/none/subnet.env");
        failing.WaitForExit(_patience).ShouldBeTrue();
        failing.ExitCode.ShouldBe(1, failing.Log);
        failing.Log.ShouldContain("Overlay:SubnetFile '/proc/none/subnet.env' cannot be written");
        failing.Log.ShouldContain("is taken over from another overlayd");
        cluster.Daemons[0].WaitForLog("has not taken this node over, which runs on here");

        // Before it: it is killed while it waits for the store.
        string real = a.LeaseFile;
        a.Run("nft", "list", "table", "ip", "overlay-1").EnsureSuccess();
        Waiting.For(() => a.Overlayctl("ready").Succeeded);
        File.Exists(real).ShouldBeTrue("its lease is still there");
        cluster.Daemons[0].HasExited.ShouldBeFalse();
        Check(egress, ingress);

        DaemonProcess next = a.StartDaemon();
        next.WaitForLog("is taken over from another overlayd");
        next.WaitReady();
    }

    [Fact]
    public void A_node_that_is_configured_otherwise_is_made_anew_and_the_one_before_ends_first()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "handother" });
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        DaemonProcess next = a.StartDaemon("--Dataplane:Queues", "3");
        next.WaitForLog("runs this node otherwise than it is configured now, and ends first; packets are lost");
        cluster.Daemons[0].WaitForExit(_patience).ShouldBeTrue();
        cluster.Daemons[0].ExitCode.ShouldBe(0);
        next.WaitReady();
        Cluster.Report(a, "status").GetProperty("dataplane").GetProperty("queues").GetInt32().ShouldBe(3);
        a.Pods[0].WaitForPing(b.Pods[0].AddressV4!);
        b.Pods[0].WaitForPing(a.Pods[0].AddressV6!);
    }

    [Fact]
    public void A_node_that_is_not_to_be_had_is_kept_and_so_is_that_of_another_name()
    {
        using Cluster cluster = Cluster.Start(
            new LabOptions { Name = "handoff", PodsPerNode = 0 }, static overlay => overlay["HandOver"] = "Off");
        Node a = cluster["a"];
        DaemonProcess refused = a.StartDaemon();
        refused.WaitForExit(_patience).ShouldBeTrue();
        refused.ExitCode.ShouldBe(1);
        refused.Log.ShouldContain("another overlayd answers");
        a.Overlayctl("upgrade").ShouldSatisfyAllConditions(
            static result => result.ExitCode.ShouldBe(1),
            static result => result.Error.ShouldContain("Overlay:HandOver is Off"));
        a.Overlayctl("ready").EnsureSuccess();
    }

    [Fact]
    public void A_daemon_of_another_node_is_refused_and_ends_nobody()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "handname", Nodes = 1, PodsPerNode = 0 });
        Node a = cluster["a"];
        DaemonProcess refused = a.StartDaemon("--NodeName", "z");
        refused.WaitForExit(_patience).ShouldBeTrue();
        refused.ExitCode.ShouldBe(1);
        refused.Log.ShouldContain("another overlayd (0.1.0) runs this node already: it is node a with the state directory");
        a.Overlayctl("ready").EnsureSuccess();
    }

    [Fact]
    public void A_bad_plan_ends_nobody()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "handbad", Nodes = 1, PodsPerNode = 0 });
        Node a = cluster["a"];
        DaemonProcess refused = a.StartDaemon("--Network:Port", "8473", "--Network:Mtu", "1499");
        refused.WaitForExit(_patience).ShouldBeTrue();
        refused.ExitCode.ShouldBe(78, refused.Log);
        cluster.Daemons[0].WaitForLog("has not taken this node over, which runs on here");
        a.Overlayctl("ready").EnsureSuccess();
    }

    [Fact]
    public void A_daemon_that_dies_before_it_lets_go_is_succeeded_all_the_same()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "handdead" });
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        a.Pods[0].WaitForPing(b.Pods[0].AddressV4!);
        DaemonProcess next = a.StartDaemon();
        cluster.Daemons[0].WaitForLog("is to go on with this node");
        cluster.Daemons[0].Kill();
        next.WaitReady();
        a.Pods[0].WaitForPing(b.Pods[0].AddressV4!);
        b.Pods[0].WaitForPing(a.Pods[0].AddressV6!);
        next.Stop().ShouldBe(0);
        a.Run("ip", "link", "show", "overlay.1").Succeeded.ShouldBeFalse();
    }

    [Fact]
    public void Where_it_would_be_started_again_the_one_before_waits_for_its_signal_and_touches_nothing()
    {
        using Cluster cluster = Cluster.Start(
            new LabOptions { Name = "handwait", PodsPerNode = 0 }, static overlay => overlay["HandOver"] = "Wait");
        Node a = cluster["a"];
        DaemonProcess next = a.StartDaemon();
        next.WaitForLog("is taken over from another overlayd");
        next.WaitReady();
        Thread.Sleep(500);
        cluster.Daemons[0].HasExited.ShouldBeFalse();
        File.GetUnixFileMode(a.Socket + ".next")
            .ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite, "root's and the daemon's own user's alone");
        cluster.Daemons[0].Stop().ShouldBe(0);
        a.Overlayctl("ready").EnsureSuccess();
        File.Exists(a.LeaseFile).ShouldBeTrue();

        // The one before has let go of everything: the next takes over from the second.
        DaemonProcess third = a.StartDaemon();
        third.WaitForLog("is taken over from another overlayd");
        third.WaitReady();
        next.Stop().ShouldBe(0);
    }

    [Fact]
    public void A_signal_to_stop_that_comes_before_the_host_runs_is_kept_in_mind()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "handterm", Nodes = 1, PodsPerNode = 0 });
        Node a = lab["a"];
        a.WriteConfig(static overlay => overlay["HandOver"] = "Wait");

        // It answers nothing, as a daemon under load: the start waits for it.
        using Socket silent = new(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
        silent.Bind(new UnixDomainSocketEndPoint(a.Socket + ".next"));
        silent.Listen();
        DaemonProcess daemon = a.StartDaemon();
        silent.Poll(_patience, SelectMode.SelectRead).ShouldBeTrue(daemon.Log);
        using (Socket connection = silent.Accept())
        {
            a.Run("kill", "-TERM", $"{daemon.Pid}").EnsureSuccess();
            Thread.Sleep(300);
        }

        daemon.WaitForExit(_patience).ShouldBeTrue(daemon.Log);
        daemon.ExitCode.ShouldBe(0, daemon.Log);
        File.Exists(a.LeaseFile).ShouldBeFalse();
        a.Run("ip", "link", "show", "overlay.1").Succeeded.ShouldBeFalse();
    }

    [Fact]
    public void Overlayctl_upgrade_starts_the_program_anew_and_a_bad_configuration_costs_nothing()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "upgrade" });
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        using PacedFlow egress = new(a.Pods[0], b.Pods[0], b.Pods[0].AddressV4!, PerSecond);
        using PacedFlow ingress = new(b.Pods[0], a.Pods[0], a.Pods[0].AddressV4!, PerSecond);
        string configuration = File.ReadAllText(a.ConfigPath);
        File.WriteAllText(a.ConfigPath, "{ \"Overlay\": { \"Network\": { \"Vni\": \"many\" } } }");
        CommandResult refused = a.Overlayctl("upgrade");
        refused.ExitCode.ShouldBe(1);
        refused.Error.ShouldContain("the new overlayd has ended with exit code 78, and the one before runs on");
        File.WriteAllText(a.ConfigPath, configuration);

        CommandResult done = a.Overlayctl("upgrade").EnsureSuccess();
        string process = Regex.Match(done.Output, @"^overlayd process (\d+) has taken over\n$").Groups[1].Value;
        try
        {
            cluster.Daemons[0].WaitForExit(_patience).ShouldBeTrue();
            cluster.Daemons[0].ExitCode.ShouldBe(0);
            Waiting.For(() => a.Overlayctl("ready").Succeeded);
            a.Run("readlink", $"/proc/{process}/exe").EnsureSuccess();
            Check(egress, ingress);
        }
        finally
        {
            // No other process of the lab knows it.
            _ = a.Run("kill", process);
        }

        Waiting.For(() => !Directory.Exists($"/proc/{process}"));
        a.Run("ip", "link", "show", "overlay.1").Succeeded.ShouldBeFalse();
    }

    private static string Pause(DaemonProcess daemon) =>
        Regex.Match(daemon.Log, "no worker ran for [0-9.]+ ms").Value;

    private static void Check(params PacedFlow[] flows)
    {
        foreach (PacedFlow flow in flows)
        {
            FlowResult result = flow.Stop();
            LongRun.Note($"  {result}");
            (result.Lost, result.Doubled, result.Overtaken).ShouldBe((0, 0, 0), $"{result}");

            // A daemon that fails does so within some tenths of a second.
            result.Sent.ShouldBeGreaterThan(PerSecond / 10);
        }
    }
}
