using Overlay.EndToEnd.Tests.Tiers;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Host;

/// <summary>State that a stop keeps where it is told to: the next start takes it over, or it is removed.</summary>
public class KeptStateTests
{
    [Fact]
    public void A_stop_that_keeps_leaves_subnet_file_device_and_rules_to_the_next_start()
    {
        using Cluster cluster = Cluster.Start(
            new LabOptions { Name = "keep" }, static overlay =>
            {
                overlay["KeepAtStop"] = true;
                overlay["Dataplane"]!["Queues"] = 1;
            });
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        string index = IndexOf(a);
        string rules = a.Run("nft", "list", "table", "ip", "overlay-1").EnsureSuccess().Output;
        cluster.Daemons[0].Stop().ShouldBe(0);
        File.Exists(a.SubnetFile).ShouldBeTrue();
        IndexOf(a).ShouldBe(index);
        a.Run("ip", "address", "show", "overlay.1").Output.ShouldContain("10.244.1.0/32");
        a.Run("ip", "route", "get", "10.244.2.9").Output.ShouldContain("overlay.1");
        a.Run("nft", "list", "table", "ip", "overlay-1").EnsureSuccess().Output.ShouldBe(rules);

        DaemonProcess next = a.StartDaemon();
        next.WaitReady();
        next.Log.ShouldContain("overlay.1, left by an earlier run, is taken over");
        IndexOf(a).ShouldBe(index);
        a.Pods[0].WaitForPing(b.Pods[0].AddressV4!);
        a.Pods[0].WaitForPing(b.Pods[0].AddressV6!);

        // Also after a crash, and with another number of queues, for which the device is another.
        next.Kill();
        DaemonProcess crashed = a.StartDaemon();
        crashed.WaitReady();
        IndexOf(a).ShouldBe(index);
        crashed.Stop().ShouldBe(0);
        DaemonProcess three = a.StartDaemon("--Dataplane:Queues", "3");
        three.WaitReady();
        IndexOf(a).ShouldNotBe(index);
        a.Pods[0].WaitForPing(b.Pods[0].AddressV4!);
        three.Stop().ShouldBe(0);

        // A run that does not keep takes over, and leaves nothing.
        DaemonProcess last = a.StartDaemon("--KeepAtStop", "false");
        last.WaitReady();
        last.Stop().ShouldBe(0);
        ShouldHaveNothing(a);
        File.Exists(a.SubnetFile).ShouldBeFalse();
    }

    [Fact]
    public void A_device_of_somebody_else_with_that_name_is_never_taken_over()
    {
        using Cluster cluster = Cluster.Start(
            new LabOptions { Name = "foreign", Nodes = 1, PodsPerNode = 0 },
            static overlay => overlay["KeepAtStop"] = true);
        Node a = cluster["a"];
        cluster.Daemons[0].Stop().ShouldBe(0);
        a.Ip("link delete overlay.1", "tuntap add dev overlay.1 mode tun");
        string index = IndexOf(a);
        DaemonProcess refused = a.StartDaemon();
        refused.WaitForExit(TimeSpan.FromSeconds(20)).ShouldBeTrue();
        refused.ExitCode.ShouldBe(1);
        refused.Log.ShouldContain("a device of that name is there already");
        IndexOf(a).ShouldBe(index);
    }

    [Fact]
    [Trait(BothTiers.Name, BothTiers.Yes)]
    public void An_uninstall_removes_all_that_was_kept_and_the_plugin_made_but_nothing_that_pods_still_use()
    {
        using Cluster cluster = Cluster.Start(
            new LabOptions { Name = "uninstall", Nodes = 1 }, static overlay => overlay["KeepAtStop"] = true);
        Node a = cluster["a"];
        Uninstall(a, out string running).ShouldBe(78);
        running.ShouldContain("is answered by an overlayd that runs");
        cluster.Daemons[0].Stop().ShouldBe(0);

        string allocations = Directory.CreateDirectory(Path.Combine(a.Directory, "networks", "cbr0")).FullName;
        File.WriteAllText(Path.Combine(allocations, "10.244.1.9"), "pod1\r\neth0");
        _ = Directory.CreateDirectory(a.CniRecords);
        File.WriteAllText(Path.Combine(a.CniRecords, "record.json"), "{}");
        Uninstall(a, out string withPods).ShouldBe(1, "a pod is on the bridge");
        withPods.ShouldContain("cni0 has the interfaces of 1 pods");
        a.Run("ip", "link", "show", "cni0").EnsureSuccess();
        File.Exists(Path.Combine(allocations, "10.244.1.9")).ShouldBeTrue();
        ShouldHaveNothing(a);

        a.RemovePod(a.Pods[0]);
        Uninstall(a, out string log).ShouldBe(0, log);
        a.Run("ip", "link", "show", "cni0").ExitCode.ShouldNotBe(0);
        ShouldHaveNothing(a);
        Directory.Exists(allocations).ShouldBeFalse();
        foreach (string path in new[] { a.SubnetFile, a.StateDirectory, a.CniRecords, a.LeaseFile, a.Socket })
            Path.Exists(path).ShouldBeFalse(path);
        Uninstall(a, out _).ShouldBe(0, "there is nothing left to remove");
    }

    private static int Uninstall(Node node, out string log)
    {
        CommandResult result = node.Run(
            "env", StartEnvironment.DotnetRoot, ProductBinary.Find("overlayd"),
            "uninstall", "--config", node.ConfigPath, "--CniInstall:BinDirectory",
            Path.Combine(node.Directory, "bin"), "--CniInstall:ConfigDirectory", Path.Combine(node.Directory, "net.d"));
        log = result.Output + result.Error;
        return result.ExitCode;
    }

    private static string IndexOf(Node node) =>
        node.Run("cat", "/sys/class/net/overlay.1/ifindex").EnsureSuccess().Output.Trim();

    private static void ShouldHaveNothing(Node node)
    {
        node.Run("ip", "link", "show", "ovx.1").ExitCode.ShouldNotBe(0);
        Directory.Exists(Path.Combine(node.PinDirectory, "1")).ShouldBeFalse("pins are left");
        node.Run("ip", "link", "show", "overlay.1").ExitCode.ShouldNotBe(0);
        (node.Run("ip", "route").Output + node.Run("ip", "-6", "route").Output).ShouldNotContain("proto 79");
        node.Run("nft", "list", "tables").Output.ShouldNotContain("overlay-1");
        node.Get("net/ipv4/ip_local_reserved_ports").ShouldBe("");
    }
}
