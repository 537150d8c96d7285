using System.Net;
using System.Text.Json.Nodes;
using Overlay.EndToEnd.Tests.Fixtures;
using Overlay.EndToEnd.Tests.Traffic;
using Overlay.Lab.Namespaces;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;
using Overlay.Testing.Kubernetes;

namespace Overlay.EndToEnd.Tests.ControlPlane;

/// <summary>Daemons whose nodes are Nodes of a cluster: what it gives them, and what they tell it.</summary>
public class KubernetesControlPlaneTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _outage = TimeSpan.FromSeconds(3);
    private static readonly LabOptions _ipv4 = new() { Underlay = AddressFamilies.V4, Inner = AddressFamilies.V4 };

    [Fact]
    public async Task Nodes_take_their_network_of_net_conf_and_their_pod_cidrs_of_the_cluster_and_announce_themselves_as_flannel_does()
    {
        await using KubernetesCluster cluster =
            await KubernetesCluster.StartAsync(new LabOptions { Name = "kube", Vni = 42 });
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        cluster.Register(a);
        cluster.Nodes.Put(NodeJson.Of("b"));
        DaemonProcess first = a.StartDaemon();
        DaemonProcess waiting = b.StartDaemon();
        first.WaitReady(_patience);
        waiting.WaitForLog("Node b is waited for to be given a pod CIDR", _patience);
        Waiting.For(() => Cluster.Report(b, "status")
            .GetProperty("waitingFor").GetString() == "Kubernetes https://192.168.77.254:6443: this node's pod CIDRs");
        Cluster.Report(b, "status").GetProperty("state").GetString().ShouldBe("starting");
        cluster.Nodes.Condition("b", "NetworkUnavailable").ShouldBeNull();

        cluster.Assign(b, KubernetesCluster.PodCidrsOf(b));
        waiting.WaitReady(_patience);
        foreach ((Node from, Node to) in new[] { (a, b), (b, a) })
        {
            Cluster.WaitForPeers(from, 1);
            foreach (IPAddress address in to.Pods[0].Addresses) from.Pods[0].Ping(address).EnsureSuccess();
            Cluster.Report(from, "status").GetProperty("device").GetString().ShouldBe("overlay.42");
            cluster.Annotations(from.Name).ShouldBe(Announced(from, 42));
            Waiting.For(
                () => (string?)cluster.Nodes.Condition(from.Name, "NetworkUnavailable")?["status"] == "False", 30);
        }

        // As tools do that write whole Nodes.
        JsonObject stripped = cluster.Nodes.Get("a")!;
        _ = stripped["metadata"]!.AsObject().Remove("annotations");
        cluster.Nodes.Put(stripped);
        Waiting.For(() => cluster.Annotations("a").SequenceEqual(Announced(a, 42)), 30);
        a.Pods[0].Ping(b.Pods[0].AddressV4!).EnsureSuccess();
    }

    [Fact]
    public async Task Other_pod_cidrs_of_the_own_node_are_taken_up_in_the_running_process()
    {
        await using KubernetesCluster cluster = await KubernetesCluster.StartAsync(_ipv4 with { Name = "kubemove" });
        _ = cluster.StartDaemons();
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        string mac = Text(b, "vtepMac");
        cluster.Assign(b, "10.244.7.0/24");
        Waiting.For(
            () => Routes.ViaOf(a, "10.244.7.0/24") == "192.168.77.2" && Routes.ViaOf(a, "10.244.2.0/24") is null, 30);
        Waiting.For(
            () => Text(b, "subnet") == "10.244.7.0/24" && Routes.ViaOf(b, "10.244.1.0/24") == "192.168.77.1", 30);
        a.Pods[0].WaitForPing(IPAddress.Parse("10.244.7.0"));
        Text(b, "vtepMac").ShouldBe(mac);
        Waiting.For(
            () => File.ReadAllText(b.SubnetFile).Contains("FLANNEL_SUBNET=10.244.7.1/24", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_the_api_server_traffic_goes_on_also_of_a_node_that_starts_then_and_it_is_taken_up_again()
    {
        await using KubernetesCluster cluster = await KubernetesCluster.StartAsync(_ipv4 with { Name = "kubeaway" });
        IReadOnlyList<DaemonProcess> daemons = cluster.StartDaemons();
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        string mac = Text(a, "vtepMac");
        using (SteadyFlow flow = new(b.Pods[0], a.Pods[0], a.Pods[0].AddressV4!))
        {
            await cluster.StopServerAsync();
            Waiting.For(() => StateOf(a) == "disconnected" && StateOf(b) == "disconnected", 30);
            Thread.Sleep(_outage);
            flow.Stop().Missing.ShouldBeEmpty();
        }

        Cluster.WaitForSavedPeer(a, b);
        daemons[0].Kill();
        DaemonProcess again = a.StartDaemon();
        again.WaitForLog("peers of the last run");
        a.Pods[0].WaitForPing(b.Pods[0].AddressV4!);
        again.WaitReady();
        KubernetesCluster.StoreOf(a).GetProperty("fromSavedState").GetBoolean().ShouldBeTrue();
        StateOf(a).ShouldNotBe("connected");

        await cluster.StartServerAsync();
        Waiting.For(() =>
            !KubernetesCluster.StoreOf(a).GetProperty("fromSavedState").GetBoolean() && StateOf(a) == "connected", 60);
        Text(a, "subnet").ShouldBe("10.244.1.0/24");
        Text(a, "vtepMac").ShouldBe(mac);
        a.Pods[0].Ping(b.Pods[0].AddressV4!).EnsureSuccess();
        again.Stop().ShouldBe(0, again.Log);
    }

    [Fact]
    public async Task A_node_that_comes_from_flannel_keeps_its_mac_and_exchanges_traffic_with_one_that_runs_it()
    {
        await using KubernetesCluster cluster =
            await KubernetesCluster.StartAsync(new LabOptions { Name = "kubeflannel" });
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        VxlanPeer former = KernelVxlan.LeaseOf(a);
        KernelVxlan flannel = b.UseKernelVxlan(a);
        foreach ((Node node, VxlanPeer lease) in new[] { (a, former), (b, flannel.Lease) })
        {
            cluster.Register(node);
            foreach ((string key, string value) in FlannelText.AnnotationsOf(lease))
                cluster.Nodes.Annotate(node.Name, key, value);
        }

        // As flannel registers on Windows: once before it has a MAC.
        VxlanPeer early = new(IPNetwork.Parse("10.244.3.0/24"), IPAddress.Parse(
            "192.168.77.3"), "", IPNetwork.Parse("fd00:10:244:3::/64"), IPAddress.Parse("fd77::3"), "");
        cluster.Nodes.Put(NodeJson.Of("c", $"{early.Subnet}", $"{early.SubnetV6}"));
        foreach ((string key, string value) in FlannelText.AnnotationsOf(early))
            cluster.Nodes.Annotate("c", key, value);

        a.StartDaemon().WaitReady(_patience);
        Text(a, "vtepMac").ShouldBe(former.VtepMac);
        RowOf(a, "c").ShouldContain("not ready");
        RowOf(a, "b").ShouldContain("accepted");

        // What IPv4 goes by has not changed for node b.
        b.Pods[0].Ping(a.Pods[0].AddressV4!).EnsureSuccess();
        cluster.Annotations("a").ShouldBe(FlannelText.AnnotationsOf(former));
        flannel.AddPeer(FlannelText.Read(cluster.Nodes.Get("a")!));
        foreach ((NetworkNamespace from, Pod to) in new[] { (a.Pods[0], b.Pods[0]), (b.Pods[0], a.Pods[0]),
            (a, b.Pods[0]), ((NetworkNamespace)b, a.Pods[0]) })
        {
            foreach (IPAddress address in to.Addresses)
            {
                from.Ping(address).EnsureSuccess();
                UdpExchange.Check(from, to, address);
            }
        }

        foreach ((string key, string value) in FlannelText.AnnotationsOf(
            early with { VtepMac = "02:00:00:00:04:03", VtepMacV6 = "02:00:00:00:06:03" }))
            cluster.Nodes.Annotate("c", key, value);
        Waiting.For(() => RowOf(a, "c").Contains("accepted", StringComparison.Ordinal), 30);
    }

    private static SortedDictionary<string, string> Announced(Node node, int vni)
    {
        string mac = Text(node, "vtepMac");
        return FlannelText.AnnotationsOf(KernelVxlan.LeaseOf(node) with { VtepMac = mac, VtepMacV6 = mac }, vni);
    }

    private static string RowOf(Node node, string peer) =>
        node.Overlayctl("peers").EnsureSuccess().Output.Split('\n')
            .Single(line => line.TrimStart().StartsWith(peer + " ", StringComparison.Ordinal));

    private static string Text(Node node, string name) => Cluster.Report(node, "status").GetProperty(name).GetString()!;

    private static string StateOf(Node node) => KubernetesCluster.StoreOf(node).GetProperty("state").GetString()!;
}
