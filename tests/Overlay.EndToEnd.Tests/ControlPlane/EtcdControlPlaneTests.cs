using System.Text.Json;
using Overlay.EndToEnd.Tests.Fixtures;
using Overlay.Lab.Stores;
using Overlay.Lab.Topology;
using Overlay.Testing;

namespace Overlay.EndToEnd.Tests.ControlPlane;

/// <summary>Daemons on a real etcd: what it gives them, and what they do without it.</summary>
public sealed class EtcdControlPlaneTests : IDisposable
{
    private const string Prefix = "/coreos.com/network";

    private readonly LabNetwork _lab =
        LabNetwork.Create(new LabOptions { Name = "etcd", Underlay = AddressFamilies.V4, Inner = AddressFamilies.V4 });
    private EtcdServer _etcd = null!;

    public EtcdControlPlaneTests() => _lab.Guard(() =>
    {
        _etcd = EtcdServer.Start(new EtcdServerOptions { Namespace = _lab.Switch, Address = LabAddresses.OutsideV4 });
        foreach (Node node in _lab.Nodes) node.UseEtcd(_etcd);
    });

    private Node A => _lab["a"];

    private Node B => _lab["b"];

    [Fact]
    public void A_network_of_etcd_is_waited_for_and_used_and_a_stop_while_waiting_is_prompt()
    {
        DaemonProcess early = A.StartDaemon();
        Waiting.For(() => Status(A, "waitingFor") is { Length: > 0 } && Status(A, "state") == "starting");
        early.Stop().ShouldBe(0, early.Log);

        DaemonProcess[] daemons = [A.StartDaemon(), B.StartDaemon()];
        PutNetwork();
        foreach (DaemonProcess daemon in daemons) daemon.WaitReady();
        Cluster.WaitForPeers(A, 1);
        Cluster.WaitForPeers(B, 1);
        A.Pods[0].Ping(B.Pods[0].AddressV4!).EnsureSuccess();
        Status(A, "subnet").ShouldBe("10.244.1.0/24");
        JsonElement store = Cluster.Report(A, "status").GetProperty("controlPlane");
        store.GetProperty("kind").GetString().ShouldBe("Etcd");
        store.GetProperty("state").GetString().ShouldBe("connected");
        store.GetProperty("revision").GetString().ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public void Without_etcd_a_restarted_node_forwards_from_what_it_was_given_and_takes_up_etcd_when_it_is_back()
    {
        DaemonProcess daemon = StartBoth()[0];
        Cluster.WaitForSavedPeer(A, B);
        daemon.Kill();
        _etcd.Kill();
        DaemonProcess again = A.StartDaemon();
        again.WaitForLog("peers of the last run");
        A.Pods[0].WaitForPing(B.Pods[0].AddressV4!);
        again.WaitReady();
        Store(A).GetProperty("fromSavedState").GetBoolean().ShouldBeTrue();

        _etcd.Restart();
        Waiting.For(() => !Store(A).GetProperty("fromSavedState").GetBoolean(), 30);
        Status(A, "subnet").ShouldBe("10.244.1.0/24");
        A.Pods[0].Ping(B.Pods[0].AddressV4!).EnsureSuccess();
        again.Stop().ShouldBe(0, again.Log);
    }

    [Fact]
    public void An_etcd_that_was_emptied_loses_no_peer_while_its_nodes_fill_it_again()
    {
        _ = StartBoth();
        _etcd.Wipe();
        _etcd.Restart();
        PutNetwork();
        Waiting.For(() => _etcd.Ctl("get", "--prefix", "--keys-only", $"{Prefix}/subnets/")
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Length == 2, 60);
        A.Pods[0].Ping(B.Pods[0].AddressV4!).EnsureSuccess();
        Cluster.Report(A, "peers").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public void A_node_whose_pod_cidr_was_given_to_another_is_made_anew_with_the_next_one_in_the_running_process()
    {
        IReadOnlyList<DaemonProcess> daemons = StartBoth();
        string mac = Status(A, "vtepMac")!;
        _ = _etcd.Ctl(
            "put", $"{Prefix}/subnets/10.244.1.0-24",
            """{"PublicIP":"192.168.77.99","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"02:00:00:00:04:99"}}""");
        Waiting.For(() => Status(A, "subnet") is { } subnet && subnet != "10.244.1.0/24", 60);
        string next = Status(A, "subnet")!;
        Waiting.For(
            () => Routes.ViaOf(B, next) == "192.168.77.1" && Routes.ViaOf(B, "10.244.1.0/24") == "192.168.77.99", 30);
        Status(A, "vtepMac").ShouldBe(mac);
        daemons[0].HasExited.ShouldBeFalse();
        Waiting.For(
            () => File.ReadAllText(A.SubnetFile).Contains(next[..next.LastIndexOf('.')], StringComparison.Ordinal));
        B.Pods[0].WaitForPing(System.Net.IPAddress.Parse(next.Split('/')[0]));
        AdminSocket.GetLoopback(A, 9472, "healthz").ShouldContain("running");
    }

    [Fact]
    public void A_key_is_written_once_and_what_a_stray_flanneld_makes_of_it_is_said_and_mended()
    {
        _ = StartBoth();
        string key = $"{Prefix}/subnets/10.244.1.0-24";
        _etcd.Ctl("get", key, "-w", "json").ShouldContain("\"version\":1,");
        string own = _etcd.Ctl("get", "--print-value-only", key);
        string lease = _etcd.Ctl("lease", "grant", "86400").Split(' ')[1];
        _ = _etcd.Ctl("put", "--lease", lease, key, own.TrimEnd('\n')
            .Replace(Status(A, "vtepMac")!, "02:00:00:00:04:99", StringComparison.Ordinal));
        Waiting.For(() => Store(A).GetProperty("problems").GetRawText()
            .Contains("is written by another daemon too", StringComparison.Ordinal));
        Waiting.For(() => _etcd.Ctl("get", "--print-value-only", key) == own, 30);
        B.Pods[0].WaitForPing(A.Pods[0].AddressV4!);
        Waiting.For(() => !Store(A).GetProperty("problems").GetRawText()
            .Contains("another daemon", StringComparison.Ordinal));
    }

    [Fact]
    public void A_key_that_contradicts_etcd_is_refused_with_both_values()
    {
        PutNetwork();
        DaemonProcess daemon = A.StartDaemon("--Network:Vni", "7");
        daemon.WaitForExit(TimeSpan.FromSeconds(30)).ShouldBeTrue();
        daemon.ExitCode.ShouldBe(78, daemon.Log);
        daemon.Log.ShouldContain("Overlay:Network:Vni '7' contradicts 1 in Etcd http://192.168.77.254");
    }

    public void Dispose()
    {
        _lab.Dispose();
        _etcd.Dispose();
    }

    private IReadOnlyList<DaemonProcess> StartBoth()
    {
        PutNetwork();
        IReadOnlyList<DaemonProcess> daemons = _lab.StartDaemons(TimeSpan.FromSeconds(30));
        foreach (Node node in _lab.Nodes) Cluster.WaitForPeers(node, 1);
        return daemons;
    }

    private void PutNetwork() =>
        _ = _etcd.Ctl("put", $"{Prefix}/config", """{"Network":"10.244.0.0/16","SubnetLen":24,"Backend":{"Type":"vxlan","VNI":1}}""");

    private static JsonElement Store(Node node) => Cluster.Report(node, "status").GetProperty("controlPlane");

    private static string? Status(Node node, string name)
    {
        try
        {
            return Cluster.Report(node, "status").GetProperty(name).GetString();
        }
        catch (Exception exception) when (exception is HttpRequestException or System.Net.Sockets.SocketException)
        {
            return null;
        }
    }
}
