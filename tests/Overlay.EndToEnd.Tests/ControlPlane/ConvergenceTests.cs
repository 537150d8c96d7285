using System.Net;
using System.Text.Json;
using Overlay.EndToEnd.Tests.Traffic;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;

namespace Overlay.EndToEnd.Tests.ControlPlane;

/// <summary>Peers come, move and go while others talk. Within a second each: no other lab runs beside.</summary>
[Collection(Alone.Name)]
public class ConvergenceTests
{
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
        Routes.ShouldSoonLead(a, prefix, address);

        Announce(prefix, nextAddress);
        Routes.ShouldSoonLead(a, prefix, nextAddress);

        Announce(nextPrefix, nextAddress);
        Routes.ShouldSoonLead(a, nextPrefix, nextAddress);
        Routes.ShouldSoonLead(a, prefix, null);

        File.WriteAllText(lease, "{ not json");
        Thread.Sleep(Routes.Soon);
        Routes.ViaOf(a, nextPrefix).ShouldBe(nextAddress, "a damaged file keeps the last good lease");

        File.Delete(lease);
        Routes.ShouldSoonLead(a, nextPrefix, null);

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
        using Cluster cluster = Cluster.StartBesideKernel(
            new LabOptions { Name = "node", Underlay = AddressFamilies.V4, Inner = AddressFamilies.V4, Nodes = 3 });
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
        Routes.ShouldSoonLead(a, c.PodCidrV4!.Value.ToString(), "192.168.77.103");
        from.Ping(c.Pods[0].AddressV4!).EnsureSuccess();

        File.Delete(c.LeaseFile);
        Routes.ShouldSoonLead(a, c.PodCidrV4!.Value.ToString(), null);
        from.Ping(c.Pods[0].AddressV4!, 1).Succeeded.ShouldBeFalse("its lease is gone");

        flow.Stop().Missing.ShouldBeEmpty();
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
        Routes.ShouldSoonLead(b, "10.244.1.0/24", null);

        a.StartDaemon().WaitReady();
        VxlanPeer.Read(a.LeaseFile).VtepMac.ShouldBe(mac);
        Routes.ShouldSoonLead(b, "10.244.1.0/24", "192.168.77.1");
        foreach (IPAddress address in b.Pods[0].Addresses) a.Pods[0].Ping(address).EnsureSuccess();
    }

    [Fact]
    public void The_first_holder_of_a_pod_cidr_keeps_it_and_the_refusal_names_both()
    {
        using Cluster cluster = Cluster.Start(
            new LabOptions { Name = "claims", Underlay = AddressFamilies.V4, Inner = AddressFamilies.V4 });
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
    public void Addresses_and_routes_that_somebody_removes_come_back()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "repair" });
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        a.Ip("link set overlay.1 down", "link set overlay.1 up");
        foreach (IPAddress address in b.Pods[0].Addresses) a.Pods[0].WaitForPing(address);
        a.Ip("route delete blackhole 10.244.1.0/24", "link set overlay.1 mtu 1400");
        Waiting.For(
            () => a.Run("ip", "link", "show", "overlay.1").Output.Contains("mtu 1450", StringComparison.Ordinal));
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
    public void The_largest_vni_works()
    {
        using Cluster cluster = Cluster.Start(new LabOptions
        {
            Name = "vni",
            Underlay = AddressFamilies.V4,
            Inner = AddressFamilies.V4,
            Vni = 16_777_215
        });
        cluster["a"].Pods[0].Ping(cluster["b"].Pods[0].AddressV4!).EnsureSuccess();
    }
}
