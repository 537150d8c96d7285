using System.Net;
using Overlay.EndToEnd.Tests.Fixtures;
using Overlay.EndToEnd.Tests.Traffic;
using Overlay.Lab.Stores;
using Overlay.Lab.Topology;
using Overlay.Testing;

namespace Overlay.EndToEnd.Tests.ControlPlane;

/// <summary>Three daemons on a real etcd. LONG_TESTS=1 has it away for a minute.</summary>
public sealed class EtcdClusterTests : IDisposable
{
    private const string Prefix = "/coreos.com/network";

    private static readonly TimeSpan _outage =
        TimeSpan.FromSeconds(LongRun.Is ? 60 : 15);

    private readonly LabNetwork _lab = LabNetwork.Create(
        new LabOptions { Name = "etcdthree", Nodes = 3, Underlay = AddressFamilies.V4, Inner = AddressFamilies.V4 });
    private EtcdServer _etcd = null!;
    private IReadOnlyList<DaemonProcess> _daemons = null!;

    public EtcdClusterTests() => _lab.Guard(() =>
    {
        _etcd = EtcdServer.Start(new EtcdServerOptions { Namespace = _lab.Switch, Address = LabAddresses.OutsideV4 });
        _ = _etcd.Ctl("put", $"{Prefix}/config", """{"Network":"10.244.0.0/16","Backend":{"Type":"vxlan"}}""");
        foreach (Node node in _lab.Nodes) node.UseEtcd(_etcd);
        _daemons = _lab.StartDaemons(TimeSpan.FromSeconds(30));
        foreach (Node node in _lab.Nodes) Cluster.WaitForPeers(node, 2);
    });

    private Node A => _lab["a"];

    private Node B => _lab["b"];

    private Node C => _lab["c"];

    [Fact]
    public void A_node_that_lost_its_lease_while_it_was_stopped_has_another_one_and_its_mac_afterwards()
    {
        string mac = Text(C, "vtepMac");
        _daemons[2].Stop().ShouldBe(0, _daemons[2].Log);
        Routes.ViaOf(A, "10.244.3.0/24").ShouldBe("192.168.77.3", "a stop gives nothing back");

        // Its lease runs out, and whoever comes next takes the subnet.
        _ = _etcd.Ctl("del", $"{Prefix}/subnets/10.244.3.0-24");
        Waiting.For(() => Routes.ViaOf(A, "10.244.3.0/24") is null);
        _ = _etcd.Ctl(
            "put", $"{Prefix}/subnets/10.244.3.0-24",
            """{"PublicIP":"192.168.77.99","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"02:00:00:00:04:99"}}""");
        Waiting.For(() => Routes.ViaOf(A, "10.244.3.0/24") == "192.168.77.99");

        C.StartDaemon().WaitReady(TimeSpan.FromSeconds(30));
        string next = Text(C, "subnet");
        next.ShouldNotBe("10.244.3.0/24");
        foreach (Node node in new[] { A, B })
        {
            Waiting.For(() => Routes.ViaOf(node, next) == "192.168.77.3", 30);
            Routes.ViaOf(node, "10.244.3.0/24").ShouldBe("192.168.77.99");
            node.Pods[0].WaitForPing(IPAddress.Parse(next.Split('/')[0]));
        }

        Text(C, "vtepMac").ShouldBe(mac);
        _etcd.Ctl("get", "--print-value-only", $"{Prefix}/subnets/{next.Replace('/', '-')}").TrimEnd('\n')
            .ShouldBe($$$"""{"PublicIP":"192.168.77.3","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"{{{mac}}}"}}""");
    }

    [Fact]
    public void While_etcd_is_away_no_packet_is_lost()
    {
        using SteadyFlow there = new(A.Pods[0], B.Pods[0], B.Pods[0].AddressV4!);
        using SteadyFlow back = new(C.Pods[0], A.Pods[0], A.Pods[0].AddressV4!);
        _etcd.Kill();
        Waiting.For(() => _lab.Nodes.All(node => StoreState(node) == "disconnected"), 30);
        Thread.Sleep(_outage);
        _etcd.Restart();
        Waiting.For(() => _lab.Nodes.All(node => StoreState(node) == "connected"), 60);
        foreach (SteadyFlow flow in new[] { there, back })
        {
            (int sent, IReadOnlyList<int> missing) = flow.Stop();
            sent.ShouldBeGreaterThan(1000);
            missing.ShouldBeEmpty();
        }

        _daemons.ShouldAllBe(daemon => !daemon.HasExited);
    }

    public void Dispose()
    {
        _lab.Dispose();
        _etcd.Dispose();
    }

    private static string Text(Node node, string name) => Cluster.Report(node, "status").GetProperty(name).GetString()!;

    private static string StoreState(Node node) =>
        Cluster.Report(node, "status").GetProperty("controlPlane").GetProperty("state").GetString()!;
}
