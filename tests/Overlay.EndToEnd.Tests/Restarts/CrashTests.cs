using Overlay.EndToEnd.Tests.Migration;
using Overlay.Lab.Topology;
using Overlay.Testing;

namespace Overlay.EndToEnd.Tests.Restarts;

/// <summary>A daemon that is killed: what the kernel has stays, and the next start goes on with it.</summary>
public class CrashTests
{
    [Fact]
    public void A_crash_is_a_pause_and_connections_outlive_it()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "crash" });
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        (Pod podA, Pod podB) = (a.Pods[0], b.Pods[0]);
        podA.WaitForPing(podB.AddressV4!);
        Cluster.WaitForSavedPeer(a, b);
        using OpenConnection there = new(podA, podB, podB.AddressV4!);
        using OpenConnection back = new(podB, podA, podA.AddressV6!);
        there.Exchange();
        back.Exchange();
        string device = a.Run("ip", "-o", "address", "show", "overlay.1").EnsureSuccess().Output;
        string routes = a.Run("ip", "route", "show", "proto", "79").EnsureSuccess().Output;
        string rules = a.Run("nft", "list", "table", "ip", "overlay-1").EnsureSuccess().Output;

        DaemonProcess daemon = cluster.Daemons[0];
        for (int times = 0; times < (LongRun.Is ? 10 : 2); times++)
        {
            using PacedFlow egress = new(podA, podB, podB.AddressV4!, 1000);
            Thread.Sleep(300);
            daemon.Kill();
            a.Run("ip", "-o", "address", "show", "overlay.1").EnsureSuccess().Output.ShouldBe(device);
            a.Run("nft", "list", "table", "ip", "overlay-1").EnsureSuccess().Output.ShouldBe(rules);
            File.Exists(a.SubnetFile).ShouldBeTrue();
            daemon = a.StartDaemon();
            daemon.WaitReady();
            daemon.Log.ShouldContain("overlay.1, left by an earlier run, is taken over");
            Thread.Sleep(500);
            LongRun.Note($"kill -9 and start: {egress.Stop()}");
            a.Run("ip", "-o", "address", "show", "overlay.1").EnsureSuccess().Output.ShouldBe(device);
            a.Run("ip", "route", "show", "proto", "79").EnsureSuccess().Output.ShouldBe(routes);
            there.Exchange();
            back.Exchange();
        }

        daemon.Stop().ShouldBe(0);
        a.Run("ip", "link", "show", "overlay.1").Succeeded.ShouldBeFalse();
    }
}
