using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Overlay.EndToEnd.Tests.Host;
using Overlay.EndToEnd.Tests.Migration;
using Overlay.EndToEnd.Tests.Restarts;
using Overlay.EndToEnd.Tests.Traffic;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;
using Overlay.Testing;

namespace Overlay.EndToEnd.Tests.Tiers;

/// <summary>Nodes whose packets programs in the kernel forward, and what becomes of packets when daemons come and go.</summary>
[Collection(Alone.Name)]
public class EbpfTierTests
{
    // Two processors carry pods, both nodes and the start of a runtime.
    private static int PerSecond => LongRun.Is ? 25_000 : 1000;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    [Fact]
    public void The_kernel_forwards_and_workers_get_what_it_leaves_to_them()
    {
        using Cluster cluster = Cluster.Start(Options("Ebpf"));
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        (Pod podA, Pod podB) = (a.Pods[0], b.Pods[0]);
        podA.WaitForPing(podB.AddressV4!);
        (long worker, long kernel) before = Egress(a);
        TcpTransfer.Check(podA, podB, podB.AddressV4!, 4 * 1024 * 1024);
        TcpTransfer.Check(podB, podA, podA.AddressV6!, 4 * 1024 * 1024);
        (long worker, long kernel) after = Egress(a);
        after.worker.ShouldBe(before.worker, "a worker has carried what the kernel could");
        after.kernel.ShouldBeGreaterThan(before.kernel + (4 * 1024 * 1024 / 1450));
        TierOf(a).ShouldBe("Ebpf");
        a.Overlayctl("status").EnsureSuccess().Output.ShouldContain("eBPF in the kernel");

        // The daemon's tap is not in the way of these packets, and says so; the tunnels' show them.
        a.Overlayctl("capture", "--seconds", "1").EnsureSuccess().Error.ShouldContain("overlayctl capture --outer");
        CaptureRun outer = new(a, "--outer", "-c", "2");
        podA.WaitForPing(podB.AddressV4!);
        outer.WaitForEnd().ShouldContain(line => line.Contains($"{podB.AddressV4}", StringComparison.Ordinal));

        // An address of the cluster CIDR that nobody has.
        _ = podA.Run("ping", "-c", "1", "-W", "1", "10.244.99.1");
        Waiting.For(() => Cluster.Dropped(a, "IpOutNoRoutes", "egress") > 0);

        cluster.Daemons[0].Stop().ShouldBe(0);
        foreach (string device in new[] { "overlay.1", "ovx.1", "ovy.1" })
            a.Run("ip", "link", "show", device).Succeeded.ShouldBeFalse($"{device} is left");
        Directory.Exists(Path.Combine(a.PinDirectory, "1")).ShouldBeFalse("pins are left");
    }

    [Fact]
    public void A_crash_and_the_next_start_cost_no_packet()
    {
        using Cluster cluster = Cluster.Start(Options("Ebpf"));
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        (Pod podA, Pod podB) = (a.Pods[0], b.Pods[0]);
        podA.WaitForPing(podB.AddressV4!);
        Cluster.WaitForSavedPeer(a, b);
        using OpenConnection connection = new(podA, podB, podB.AddressV6!);
        connection.Exchange();
        using PacedFlow egress = new(podA, podB, podB.AddressV4!, PerSecond);
        using PacedFlow ingress = new(podB, podA, podA.AddressV4!, PerSecond);
        Thread.Sleep(300);
        cluster.Daemons[0].Kill();
        Thread.Sleep(500);
        connection.Exchange();
        DaemonProcess next = a.StartDaemon();
        next.WaitReady();
        next.WaitForLog("the kernel forwards packets by eBPF programs");
        TierOf(a).ShouldBe("Ebpf");
        connection.Exchange();
        ShouldHaveLostNothing("a crash", egress, ingress);
    }

    [Fact]
    public void Packets_move_from_workers_to_the_kernel_and_back_without_a_loss()
    {
        using Cluster cluster = Cluster.Start(Options("Ebpf"), static overlay =>
            overlay["Dataplane"]!["Tier"] = LabOptions.UserSpace);
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        (Pod podA, Pod podB) = (a.Pods[0], b.Pods[0]);
        podA.WaitForPing(podB.AddressV4!);
        TierOf(a).ShouldBe(LabOptions.UserSpace);
        using OpenConnection connection = new(podA, podB, podB.AddressV6!);
        connection.Exchange();
        DaemonProcess former = cluster.Daemons[0];
        foreach (string tier in new[] { "Ebpf", "Auto", LabOptions.UserSpace, "Ebpf" })
        {
            using PacedFlow egress = new(podA, podB, podB.AddressV4!, PerSecond);
            using PacedFlow ingress = new(podB, podA, podA.AddressV4!, PerSecond);
            Thread.Sleep(300);
            DaemonProcess next = a.StartDaemon("--Dataplane:Tier", tier);
            former.WaitForExit(_patience).ShouldBeTrue();
            former.ExitCode.ShouldBe(0, former.Log);
            next.WaitReady();
            string expected = tier == LabOptions.UserSpace ? tier : "Ebpf";
            Waiting.For(() => TierOf(a) == expected);
            connection.Exchange();
            Thread.Sleep(300);
            ShouldHaveLostNothing(tier, egress, ingress);
            former = next;
        }
    }

    [Fact]
    public void A_device_of_the_tier_that_somebody_removes_is_made_anew()
    {
        using Cluster cluster = Cluster.Start(Options("Ebpf"));
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        (Pod podA, Pod podB) = (a.Pods[0], b.Pods[0]);
        podA.WaitForPing(podB.AddressV4!);

        // Somebody else has the port first: it is tried again until it is free.
        using (Socket other = a.Invoke(static () =>
            new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)))
        {
            a.Ip("link delete ovx.1");
            other.Bind(new IPEndPoint(IPAddress.Any, 8472));
            cluster.Daemons[0].WaitForLog("8472/udp for ovx.1");
        }

        cluster.Daemons[0].WaitForLog("somebody has removed a part of the eBPF tier");
        Waiting.For(() => a.Run("ip", "link", "show", "ovx.1").Succeeded);
        podA.WaitForPing(podB.AddressV6!);

        // No shorter way leads past the device for these.
        TcpTransfer.Check(podB, podA, podA.AddressV4!, 1024 * 1024);
        TierOf(a).ShouldBe("Ebpf");
    }

    [Fact]
    public void A_tier_that_a_crash_has_left_gives_its_port_to_a_start_with_another_VNI()
    {
        using Cluster cluster = Cluster.Start(Options("Ebpf"));
        Node a = cluster["a"];
        cluster.Daemons[0].Kill();
        a.Run("ip", "link", "show", "ovx.1").EnsureSuccess();
        DaemonProcess next = a.StartDaemon("--Network:Vni", "2", "--Dataplane:Tier", LabOptions.UserSpace);
        next.WaitReady();
        next.WaitForLog("removed ovx.1");
        foreach (string device in new[] { "overlay.1", "ovx.1" })
            a.Run("ip", "link", "show", device).Succeeded.ShouldBeFalse($"{device} is left");
        Directory.Exists(Path.Combine(a.PinDirectory, "1")).ShouldBeFalse("pins are left");
    }

    [Fact]
    public void A_host_where_the_kernel_stops_without_a_daemon_is_told_so()
    {
        using LabNetwork lab = LabNetwork.Create(Options("Ebpf"));
        Node a = lab["a"];
        a.Run("sysctl", "-qw", "net.ipv4.conf.all.ignore_routes_with_linkdown=1").EnsureSuccess();
        a.WriteConfig();
        a.StartDaemon().WaitReady();
        a.Overlayctl("status").EnsureSuccess().Output.ShouldContain("ignore_routes_with_linkdown=0");
        foreach (string family in new[] { "ipv4", "ipv6" })
            a.Get($"net/{family}/conf/overlay.1/ignore_routes_with_linkdown").ShouldBe("0", family);
    }

    [Fact]
    public void Without_the_capability_Auto_leaves_packets_to_workers_and_Ebpf_ends_the_start()
    {
        using LabNetwork lab = LabNetwork.Create(Options("Auto"));
        Node a = lab["a"];
        a.WriteConfig();
        BackgroundProcess daemon = a.Start(
            "setpriv", "--bounding-set=-sys_admin,-bpf", "--inh-caps=-sys_admin,-bpf", "env", StartEnvironment.DotnetRoot,
            ProductBinary.Find("overlayd"), "--config", a.ConfigPath);
        Waiting.For(() => a.Overlayctl("ready").Succeeded);
        JsonElement path = Cluster.Report(a, "status").GetProperty("dataplane");
        path.GetProperty("tier").GetString().ShouldBe(LabOptions.UserSpace);
        path.GetProperty("tierReason").GetString().ShouldNotBeNull().ShouldContain("CAP_BPF");
        a.Overlayctl("status").EnsureSuccess().Output.ShouldContain("CAP_BPF");

        CommandResult refused = lab["b"].Run(
            "setpriv", "--bounding-set=-sys_admin,-bpf", "--inh-caps=-sys_admin,-bpf", "env", StartEnvironment.DotnetRoot,
            ProductBinary.Find("overlayd"), "--config", a.ConfigPath, "--NodeName", "b", "--Dataplane:Tier", "Ebpf",
            "--Admin:Socket", Path.Combine(lab["b"].Directory, "b.sock"), "--StateDirectory", lab["b"].StateDirectory,
            "--HandOver", "Off");
        refused.ExitCode.ShouldBe(78, refused.Output);
        refused.Error.ShouldContain("overlayd: bad configuration: Overlay:Dataplane:Tier 'Ebpf' cannot be had: ");
    }

    private static LabOptions Options(string tier) => new() { Name = "tier", Tier = tier };

    private static string? TierOf(Node node) =>
        Cluster.Report(node, "status").GetProperty("dataplane").GetProperty("tier").GetString();

    // Packets that workers have sent, and those that the kernel has.
    private static (long Worker, long Kernel) Egress(Node node)
    {
        JsonElement[] rows =
        [
            .. Cluster.Report(node, "counters").GetProperty("workers").EnumerateArray()
                .Where(static row => row.GetProperty("direction").GetString() == "egress"),
        ];
        return (Sum(static name => name != "egress-kernel"), Sum(static name => name == "egress-kernel"));

        long Sum(Func<string?, bool> isMeant) => rows.Where(row => isMeant(row.GetProperty("worker").GetString()))
            .Sum(static row => row.GetProperty("packets").GetInt64());
    }

    private static void ShouldHaveLostNothing(string what, params PacedFlow[] flows)
    {
        FlowResult[] results = [.. flows.Select(static flow => flow.Stop())];
        LongRun.Note($"tier, {what}: {string.Join<FlowResult>("; ", results)}");
        results.ShouldAllBe(
            static result => result.Lost == 0 && result.Doubled == 0, $"{what}: {string.Join<FlowResult>("; ", results)}");
        results.ShouldAllBe(static result => result.Sent > PerSecond / 2);
    }
}
