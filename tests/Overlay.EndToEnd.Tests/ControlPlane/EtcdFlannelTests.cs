using System.Net;
using System.Text.Json.Nodes;
using Overlay.EndToEnd.Tests.Fixtures;
using Overlay.EndToEnd.Tests.Traffic;
using Overlay.Lab.Namespaces;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;
using Overlay.Testing;

namespace Overlay.EndToEnd.Tests.ControlPlane;

/// <summary>
/// Node a comes from flannel, node b still runs it: kernel VXLAN, and leases in etcd that were written by hand.
/// </summary>
public sealed class EtcdFlannelTests : IDisposable
{
    private readonly LabNetwork _lab = LabNetwork.Create(new LabOptions { Name = "etcdflannel" });
    private FlannelStore _store = null!;

    public EtcdFlannelTests() => _lab.Guard(() =>
    {
        _store = new FlannelStore(_lab);
        _store.Configure(A);
    });

    private Node A => _lab["a"];

    private Node B => _lab["b"];

    [Fact]
    public void A_node_that_comes_from_flannel_keeps_key_and_mac_and_exchanges_traffic_with_one_that_runs_it()
    {
        VxlanPeer former = KernelVxlan.LeaseOf(A);
        KernelVxlan flannel = B.UseKernelVxlan(A);
        foreach (VxlanPeer node in new[] { former, flannel.Lease }) _store.Put(node);
        string[] keys = _store.Keys();

        A.StartDaemon().WaitReady(TimeSpan.FromSeconds(30));
        Cluster.WaitForPeers(A, 1);
        Cluster.Report(A, "status").GetProperty("vtepMac").GetString().ShouldBe(former.VtepMac);
        _store.Keys().ShouldBe(keys);

        // To node b nothing has happened: it sends to the MAC it has had all the time, and has answers from it.
        BackgroundProcess capture = B.Start("tcpdump", "-lnei", flannel.Device, "icmp");
        capture.WaitForLog("listening on");
        B.Pods[0].Ping(A.Pods[0].AddressV4!).EnsureSuccess();
        capture.WaitForLog($"{former.VtepMac} > {flannel.Lease.VtepMac}");

        // One of ours has one MAC, so that of flannel's second device gives way.
        string value = _store.ValueOf(former);
        value.ShouldBe(Recorded("192.168.77.1", former.VtepMac!, former.VtepMacV6!));
        flannel.AddPeer(FlannelText.Read(FlannelText.KeyOf(former), value));
        foreach ((NetworkNamespace from, Pod to) in new[] { (A.Pods[0], B.Pods[0]), (B.Pods[0], A.Pods[0]),
            (A, B.Pods[0]), ((NetworkNamespace)B, A.Pods[0]) })
        {
            foreach (IPAddress address in to.Addresses)
            {
                from.Ping(address).EnsureSuccess();
                UdpExchange.Check(from, to, address);
            }
        }
    }

    public void Dispose()
    {
        _lab.Dispose();
        _store.Dispose();
    }

    /// <summary>What flannel itself once wrote for a node of that address, with another MAC in both places.</summary>
    private static string Recorded(string publicIp, string mac, string macV6)
    {
        string[] lines =
            File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Fixtures", "flannel", "etcd-dual-stack.txt"));
        string recorded = lines.Single(line => line.StartsWith($$"""{"PublicIP":"{{publicIp}}",""", StringComparison.Ordinal));
        JsonNode lease = JsonNode.Parse(recorded)!;
        return recorded.Replace((string)lease["BackendData"]!["VtepMAC"]!, mac, StringComparison.Ordinal)
            .Replace((string)lease["BackendV6Data"]!["VtepMAC"]!, macV6, StringComparison.Ordinal);
    }
}
