using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Overlay.ControlPlane.Sources.Files;
using Overlay.EndToEnd.Tests.Traffic;
using Overlay.Host.Files;
using Overlay.Lab;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;
using Overlay.Wire.Values;

namespace Overlay.EndToEnd.Tests;

/// <summary>Peers come, move and go while others talk.</summary>
public class ConvergenceTests
{
    private static readonly TimeSpan _soon = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(AddressFamilies.V4, "10.244.3.0/24", "10.244.30.0/24", "192.168.77.3", "192.168.77.33")]
    [InlineData(AddressFamilies.V6, "fd00:10:244:3::/64", "fd00:10:244:30::/64", "fd77::3", "fd77::33")]
    public void The_table_follows_each_change_within_a_second_and_other_flows_lose_nothing(
        AddressFamilies family, string prefix, string nextPrefix, string address, string nextAddress)
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "moves", Underlay = family, Inner = family });
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        Pod pod = a.Pods[0];
        IPAddress target = b.Pods[0].Addresses.Single();
        pod.Ping(target).EnsureSuccess();
        using SteadyFlow flow = new(pod, b.Pods[0], target);

        string lease = Path.Combine(cluster.Lab.LeaseDirectory, "c.json");
        Announce(prefix, address);
        ShouldSoonBe(a, prefix, address);

        Announce(prefix, nextAddress);
        ShouldSoonBe(a, prefix, nextAddress);

        Announce(nextPrefix, nextAddress);
        ShouldSoonBe(a, nextPrefix, nextAddress);
        ShouldSoonBe(a, prefix, null);

        File.WriteAllText(lease, "{ not json");
        Thread.Sleep(_soon);
        Routes.ViaOf(a, nextPrefix).ShouldBe(nextAddress, "a damaged file keeps the last good lease");

        File.Delete(lease);
        ShouldSoonBe(a, nextPrefix, null);

        (int sent, IReadOnlyList<int> missing) = flow.Stop();
        sent.ShouldBeGreaterThan(100);
        missing.ShouldBeEmpty();

        void Announce(string pods, string vtep)
        {
            VxlanPeer peer = family == AddressFamilies.V4
                ? new(IPNetwork.Parse(pods), IPAddress.Parse(vtep), "02:00:00:00:04:03", null, null, null)
                : new(null, null, null, IPNetwork.Parse(pods), IPAddress.Parse(vtep), "02:00:00:00:06:03");
            peer.Write(lease, 1);
        }
    }

    [Fact]
    public void A_node_that_joins_moves_and_leaves_is_reached_where_it_is()
    {
        using Cluster cluster = Cluster.StartBesideKernel(new LabOptions { Name = "node", Underlay = AddressFamilies.V4, Inner = AddressFamilies.V4, Nodes = 3 });
        (Node a, Node b, Node c) = (cluster["a"], cluster["b"], cluster["c"]);
        Pod from = a.Pods[0];
        using SteadyFlow flow = new(from, b.Pods[0], b.Pods[0].AddressV4!);
        from.Ping(c.Pods[0].AddressV4!).EnsureSuccess();

        // The kernel binds its device to an address, so a node that moves makes a new one, as flannel does at restart.
        c.Ip("link delete flannel.1");
        c.ChangeUnderlayAddress(IPAddress.Parse("192.168.77.103"));
        KernelVxlan moved = c.UseKernelVxlan();
        moved.AddPeer(VxlanPeer.Read(a.LeaseFile));
        moved.PublishLease();
        ShouldSoonBe(a, c.PodCidrV4!.Value.ToString(), "192.168.77.103");
        from.Ping(c.Pods[0].AddressV4!).EnsureSuccess();

        File.Delete(c.LeaseFile);
        ShouldSoonBe(a, c.PodCidrV4!.Value.ToString(), null);
        from.Ping(c.Pods[0].AddressV4!, 1).Succeeded.ShouldBeFalse("its lease is gone");

        flow.Stop().Missing.ShouldBeEmpty();
    }

    [Fact]
    public void The_first_holder_of_a_pod_cidr_keeps_it_and_the_refusal_names_both()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "claims", Underlay = AddressFamilies.V4, Inner = AddressFamilies.V4 });
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        VxlanPeer thief = new(b.PodCidrV4, IPAddress.Parse("192.168.77.9"), "02:00:00:00:04:09", null, null, null);
        thief.Write(Path.Combine(cluster.Lab.LeaseDirectory, "thief.json"), 1);

        JsonElement refused = default;
        Waiting.For(() => Cluster.Report(a, "peers").EnumerateArray().Any(peer =>
        {
            refused = peer;
            return peer.GetProperty("node").GetString() == "thief";
        }));
        refused.GetProperty("state").GetString().ShouldBe("refused");
        string reason = refused.GetProperty("reason").GetString()!;
        reason.ShouldContain("10.244.2.0/24");
        reason.ShouldContain(" b");
        Routes.ViaOf(a, "10.244.2.0/24").ShouldBe("192.168.77.2");
        a.Pods[0].Ping(b.Pods[0].AddressV4!).EnsureSuccess();
    }

    [Fact]
    public void The_vtep_mac_survives_restarts_and_a_stop_leaves_nothing_behind()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "again" });
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        string? mac = VxlanPeer.Read(a.LeaseFile).VtepMac;

        cluster.Daemons[0].Stop().ShouldBe(0);
        File.Exists(a.LeaseFile).ShouldBeFalse("the lease is withdrawn");
        File.Exists(a.SubnetFile).ShouldBeFalse();
        File.Exists(a.Socket).ShouldBeFalse();
        a.Run("ip", "link", "show").Output.ShouldNotContain("overlay.1");
        a.Run("ip", "route").Output.ShouldNotContain("proto 79");
        a.Run("ip", "-6", "route").Output.ShouldNotContain("proto 79");
        ShouldSoonBe(b, "10.244.1.0/24", null);

        a.StartDaemon().WaitReady();
        VxlanPeer.Read(a.LeaseFile).VtepMac.ShouldBe(mac);
        ShouldSoonBe(b, "10.244.1.0/24", "192.168.77.1");
        foreach (IPAddress address in b.Pods[0].Addresses) a.Pods[0].Ping(address).EnsureSuccess();
    }

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
    public void Forwarding_that_is_off_is_a_problem_and_not_ready()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "noforward", Nodes = 1 });
        Node node = lab.Nodes[0];
        node.Set("net/ipv4/ip_forward", "0");
        node.Set("net/ipv6/conf/all/forwarding", "0");
        DaemonProcess daemon = node.StartDaemon();
        daemon.WaitForLog("VTEP");
        Waiting.For(() => File.Exists(node.SubnetFile));
        string[] problems = [.. Cluster.Report(node, "status").GetProperty("problems").EnumerateArray().Select(problem => problem.GetString()!)];
        problems.Length.ShouldBe(2);
        problems.ShouldContain(problem => problem.Contains("net.ipv4.ip_forward"));
        problems.ShouldContain(problem => problem.Contains("net.ipv6.conf.all.forwarding"));
        Should.Throw<HttpRequestException>(() => AdminSocket.GetLoopback(node, 9472, "readyz")).StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);

        // One after the other: IPv6 brings route changes with it, and IPv4 has to be noticed without.
        node.Set("net/ipv4/ip_forward", "1");
        Waiting.For(() => Cluster.Report(node, "status").GetProperty("problems").GetArrayLength() == 1);
        node.Set("net/ipv6/conf/all/forwarding", "1");
        daemon.WaitReady();
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
    public void Addresses_and_routes_that_somebody_removes_come_back()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "repair" });
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        a.Ip("link set overlay.1 down", "link set overlay.1 up");
        foreach (IPAddress address in b.Pods[0].Addresses) a.Pods[0].WaitForPing(address);
        a.Ip("route delete blackhole 10.244.1.0/24", "link set overlay.1 mtu 1400");
        Waiting.For(() => a.Run("ip", "link", "show", "overlay.1").Output.Contains("mtu 1450", StringComparison.Ordinal));
        Waiting.For(() => a.Run("ip", "route").Output.Contains("blackhole 10.244.1.0/24", StringComparison.Ordinal));
    }

    [Fact]
    public void While_the_device_is_down_pod_packets_do_not_leave_by_the_default_route()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "leak" });
        Node a = cluster["a"];
        a.Ip("link set overlay.1 down");
        Waiting.For(() => Cluster.Report(a, "status").GetProperty("state").GetString() == "impaired");
        Cluster.Report(a, "status").GetProperty("problems")[0].GetString()!.ShouldContain("overlay.1 is down");
        foreach (string pod in new[] { "10.244.2.5", "fd00:10:244:2::5" })
        {
            CommandResult route = a.Run("ip", "route", "get", pod);
            route.Succeeded.ShouldBeFalse($"{pod} would go out unencapsulated: {route.Output}");
        }
    }

    [Fact]
    public void Without_its_store_a_restarted_node_forwards_to_the_peers_it_knew()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "away" });
        (Node a, Node b) = (cluster["a"], cluster["b"]);

        // A peer is forwarded to before it is written down.
        string peers = Path.Combine(a.StateDirectory, "peers.json");
        Waiting.For(() => File.Exists(peers) && File.ReadAllText(peers).Contains($"{b.PodCidrV4}", StringComparison.Ordinal));
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
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "held", Underlay = AddressFamilies.V4, Inner = AddressFamilies.V4 });
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
    public void The_largest_vni_works()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "vni", Underlay = AddressFamilies.V4, Inner = AddressFamilies.V4, Vni = 16_777_215 });
        cluster["a"].Pods[0].Ping(cluster["b"].Pods[0].AddressV4!).EnsureSuccess();
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

    [Theory]
    [InlineData("Admin", "127.0.0.1:1")]
    [InlineData("SubnetFile", "/proc/nowhere/subnet.env")]
    public void A_start_that_fails_half_way_leaves_nothing(string key, string value)
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "halfway", Nodes = 1 });
        Node node = lab.Nodes[0];
        node.WriteConfig(overlay =>
        {
            if (key == "Admin") overlay[key]!["Http"] = value;
            else overlay[key] = value;
        });
        using Socket inTheWay = node.Invoke(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        inTheWay.Bind(new IPEndPoint(IPAddress.Loopback, 1));
        inTheWay.Listen();

        DaemonProcess daemon = node.StartDaemon();
        daemon.WaitForExit(TimeSpan.FromSeconds(20)).ShouldBeTrue();
        daemon.ExitCode.ShouldBe(1, daemon.Log);
        daemon.Log.ShouldContain(key == "Admin" ? value : "/proc/nowhere");
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
        string file = Path.Combine(node.Directory, "file");
        File.WriteAllText(file, "not a directory");
        node.WriteConfig(overlay => overlay["ControlPlane"]!["File"]!["Directory"] = file);
        DaemonProcess daemon = node.StartDaemon();
        daemon.WaitForLog("cannot be read");
        daemon.Stop().ShouldBe(0, daemon.Log);
        node.Run("ip", "link", "show").Output.ShouldNotContain("overlay.1");
    }

    private static void ShouldSoonBe(Node node, string prefix, string? via)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (Routes.ViaOf(node, prefix) != via)
            (watch.Elapsed < _soon).ShouldBeTrue($"{prefix} on node {node.Name} leads to {Routes.ViaOf(node, prefix) ?? "nobody"}, not {via ?? "nobody"}, after a second");
    }
}
