using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;

namespace Overlay.EndToEnd.Tests.Wire;

/// <summary>
/// Node b is a flannel before 0.27.4 with --public-ip: its lease has one of its addresses, and its kernel's VXLAN sends
/// from another.
/// </summary>
public class OtherSenderTests
{
    private static readonly IPAddress _announcedV4 = IPAddress.Parse("192.168.77.200");
    private static readonly IPAddress _announcedV6 = IPAddress.Parse("fd77::200");

    [Fact]
    public void A_peer_that_sends_from_another_address_than_its_lease_has_is_recognised_and_its_pods_are_reached()
    {
        using Cluster cluster = Start("sender", edit: null);
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        foreach (IPAddress address in b.Pods[0].Addresses)
            a.Pods[0].WaitForPing(address);
        foreach (IPAddress address in b.Pods[0].Addresses) a.Pods[0].Ping(address, 3).EnsureSuccess();
        PeerOf(a).GetProperty("sendsFrom").GetString().ShouldBe($"{b.UnderlayV4}, {b.UnderlayV6}");
        PeerOf(a).GetProperty("publicIp").GetString().ShouldBe(_announcedV4.ToString());
        cluster.Daemons[0].Log.ShouldContain($"Node b sends from {b.UnderlayV4}, which its lease lacks");
        Warnings(a).ShouldNotContain(static warning => warning.Contains("no peer has that address"));
    }

    [Fact]
    public void Where_it_is_switched_off_status_names_the_address_the_peer_and_the_mend()
    {
        using Cluster cluster = Start("senderoff", static overlay => overlay["Dataplane"]!["LearnSenders"] = false);
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        a.Pods[0].Ping(b.Pods[0].AddressV4!).Succeeded.ShouldBeFalse();
        string expected = $"{b.UnderlayV4} sends frames for this node as node b does, and no peer has that address";
        Waiting.For(() => !a.Pods[0].Ping(b.Pods[0].AddressV4!).Succeeded
            && Warnings(a).Any(warning => warning.StartsWith(expected, StringComparison.Ordinal)), seconds: 30);
        PeerOf(a).GetProperty("sendsFrom").GetString().ShouldBe(b.UnderlayV4!.ToString());
        a.Pods[0].Ping(b.Pods[0].AddressV4!).Succeeded.ShouldBeFalse();
        Cluster.Dropped(a, "UnknownVtep").ShouldBeGreaterThan(1);
    }

    private static Cluster Start(string name, Action<JsonObject>? edit)
    {
        Cluster cluster = Cluster.StartBesideKernel(new LabOptions { Name = name }, edit);
        try
        {
            Node b = cluster["b"];
            b.Ip($"address add {_announcedV4}/24 dev eth0", $"address add {_announcedV6}/64 dev eth0 nodad");
            VxlanPeer lease = VxlanPeer.Read(b.LeaseFile) with { PublicIP = _announcedV4, PublicIPv6 = _announcedV6 };
            lease.Write(b.LeaseFile, b.Options.Vni);
            Waiting.For(() => PeerOf(cluster["a"]).GetProperty("publicIp").GetString() == _announcedV4.ToString());
            return cluster;
        }
        catch
        {
            cluster.Dispose();
            throw;
        }
    }

    private static JsonElement PeerOf(Node node) => Cluster.Report(node, "peers").EnumerateArray().Single();

    private static string[] Warnings(Node node) => Cluster.Texts(node, "warnings");
}
