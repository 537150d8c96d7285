using System.Net;
using System.Text.Json;
using Overlay.EndToEnd.Tests.Tiers;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;

namespace Overlay.EndToEnd.Tests.Underlay;

/// <summary>A node's own address or MTU changes while it runs: it follows, and its peers follow it.</summary>
[Trait(BothTiers.Name, BothTiers.Yes)]
public class UnderlayChangeTests
{
    [Theory]
    [InlineData(AddressFamilies.V4, "192.168.77.50")]
    [InlineData(AddressFamilies.V6, "fd77::50")]
    public void Another_address_is_taken_and_announced_without_a_restart(AddressFamilies family, string address)
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "renumber", Underlay = family, Inner = family });
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        (IPAddress ofA, IPAddress ofB) = (a.Pods[0].Addresses.Single(), b.Pods[0].Addresses.Single());
        string? mac = Mac(a);
        string device = a.Run("ip", "-o", "link", "show", "overlay.1").EnsureSuccess().Output.Split(':')[0];
        b.Pods[0].Ping(ofA).EnsureSuccess();

        a.ChangeUnderlayAddress(IPAddress.Parse(address));
        string prefix = (a.PodCidrV4 ?? a.PodCidrV6)!.Value.ToString();
        Waiting.For(() => Routes.ViaOf(b, prefix) == address, 20);
        b.Pods[0].WaitForPing(ofA);
        a.Pods[0].WaitForPing(ofB);

        cluster.Daemons[0].HasExited.ShouldBeFalse();
        Mac(a).ShouldBe(mac);
        a.Run("ip", "-o", "link", "show", "overlay.1")
            .EnsureSuccess().Output.Split(':')[0].ShouldBe(device, "pods keep their device");
        JsonElement status = Cluster.Report(a, "status");
        status.GetProperty("state").GetString().ShouldBe("forwarding");
        status.GetProperty("underlay")
            .GetProperty(family == AddressFamilies.V4 ? "ipv4" : "ipv6").GetString().ShouldBe(address);
        AdminSocket.GetLoopback(a, 9472, "metrics").ShouldContain("overlay_peers{state=\"accepted\"} 1\n");
        cluster.Daemons[0].Stop().ShouldBe(0);
        a.Run("ip", "route").Output.ShouldNotContain("proto 79");
    }

    [Fact]
    public void An_address_that_comes_back_within_a_moment_changes_nothing()
    {
        using Cluster cluster = Start("flap");
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        a.Ip("address delete 192.168.77.1/24 dev eth0", "address add 192.168.77.1/24 dev eth0",
            "route replace default via 192.168.77.254");
        a.Pods[0].WaitForPing(b.Pods[0].AddressV4!);
        Thread.Sleep(1500);
        cluster.Daemons[0].Log.ShouldNotContain("has lost");
        cluster.Daemons[0].Log.Split("node a: overlay.1").Length.ShouldBe(2, "it is told at the start alone");
    }

    [Fact]
    public void A_node_without_any_address_waits_for_one_and_says_so()
    {
        using Cluster cluster = Start("nowhere");
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        a.Ip("address delete 192.168.77.1/24 dev eth0");
        Waiting.For(() => Cluster.Report(a, "status").GetProperty("state").GetString() == "impaired");
        Cluster.Report(a, "status").GetProperty("problems")[0].GetString()!.ShouldContain("eth0 has lost 192.168.77.1");
        Should.Throw<HttpRequestException>(
            () => AdminSocket.GetLoopback(a, 9472, "readyz")).StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        Routes.ViaOf(a, "10.244.2.0/24").ShouldBe("192.168.77.2", "what is known stays");

        a.Ip("address add 192.168.77.60/24 dev eth0", "route replace default via 192.168.77.254");
        Waiting.For(() => Routes.ViaOf(b, "10.244.1.0/24") == "192.168.77.60", 20);
        b.Pods[0].WaitForPing(a.Pods[0].AddressV4!);
        cluster.Daemons[0].WaitReady();
    }

    [Fact]
    public void Another_mtu_reaches_device_routes_and_subnet_file()
    {
        using Cluster cluster = Start("mtu");
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        a.Ip("link set eth0 mtu 1400");
        Waiting.For(() => File.ReadAllText(a.SubnetFile).Contains("FLANNEL_MTU=1350\n", StringComparison.Ordinal));
        a.Run("ip", "link", "show", "overlay.1").Output.ShouldContain("mtu 1350");
        a.Run("ip", "route", "show", "10.244.0.0/16").Output.ShouldContain("mtu 1350");
        Cluster.Report(a, "status").GetProperty("mtu").GetInt32().ShouldBe(1350);
        a.Pods[0].Ping(b.Pods[0].AddressV4!).EnsureSuccess();
    }

    [Fact]
    public void An_address_that_meets_the_address_plan_is_refused_and_told()
    {
        using Cluster cluster = Start("refused");
        Node a = cluster["a"];
        a.Ip("address delete 192.168.77.1/24 dev eth0", "address add 10.96.0.5/24 dev eth0");
        cluster.Daemons[0].WaitForLog("10.96.0.0/12");
        Waiting.For(() => Cluster.Texts(a, "problems").Any(static problem => problem.Contains("stays as it is")));
        a.Ip("address delete 10.96.0.5/24 dev eth0", "address add 192.168.77.1/24 dev eth0",
            "route replace default via 192.168.77.254");
        a.Pods[0].WaitForPing(cluster["b"].Pods[0].AddressV4!);
    }

    [Fact]
    public void A_tun_of_somebody_else_is_not_taken_over()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "taken", Nodes = 1, PodsPerNode = 0 });
        Node node = lab.Nodes[0];
        node.Ip("tuntap add mode tun name overlay.1");
        DaemonProcess daemon = node.StartDaemon();
        daemon.WaitForExit(TimeSpan.FromSeconds(20)).ShouldBeTrue();
        daemon.ExitCode.ShouldBe(1, daemon.Log);
        daemon.Log.ShouldContain("overlay.1");
        daemon.Log.ShouldContain("is left alone");
        node.Run("ip", "link", "show", "overlay.1").Succeeded.ShouldBeTrue("it is not ours to remove");
    }

    private static Cluster Start(string name) =>
        Cluster.Start(new LabOptions { Name = name, Underlay = AddressFamilies.V4, Inner = AddressFamilies.V4 });

    private static string? Mac(Node node) =>
        VxlanPeer.Read(node.LeaseFile) is var lease ? lease.VtepMac ?? lease.VtepMacV6 : null;
}
