using System.Globalization;
using System.Net;
using System.Text.Json;
using Overlay.EndToEnd.Tests.Tiers;
using Overlay.EndToEnd.Tests.Traffic;
using Overlay.Lab.Namespaces;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Wire;

/// <summary>Node a runs our daemon; node b is the kernel's own VXLAN, set up as flannel does it.</summary>
[Trait(BothTiers.Name, BothTiers.Yes)]
public class KernelPeerTests
{
    private const int Bulk = 16 * 1024 * 1024;

    // What a veth does not have. All else has to be as the matrix says, or a case of it would test another.
    private static readonly string[] _notOnVeth = ["tx-gso-partial"];

    /// <summary>
    /// With offloads a veth hands over whole super-packets and unfinished checksums; without, wire-sized segments; with
    /// receive offload alone, segments that the kernel has put together again.
    /// </summary>
    [Theory]
    [InlineData(AddressFamilies.V4, true, true)]
    [InlineData(AddressFamilies.V4, false, false)]
    [InlineData(AddressFamilies.V4, false, true)]
    [InlineData(AddressFamilies.V6, true, true)]
    [InlineData(AddressFamilies.V6, false, false)]
    [InlineData(AddressFamilies.V6, false, true)]
    public void Pods_behind_kernel_vxlan_exchange_ping_udp_and_bulk_tcp(
        AddressFamilies family, bool offloads, bool receiveOffload)
    {
        using Cluster cluster =
            Cluster.StartBesideKernel(new LabOptions { Name = "kernel", Underlay = family, Inner = family });
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        foreach (Node node in cluster.Lab.Nodes)
            Refused(node.Link.SetOffloads(offloads, receiveOffload)).Except(_notOnVeth).ShouldBeEmpty();

        foreach ((NetworkNamespace from, Pod to) in new[] { (a.Pods[0], b.Pods[0]), (b.Pods[0], a.Pods[0]),
            (a, b.Pods[0]), ((NetworkNamespace)b, a.Pods[0]) })
        {
            IPAddress address = to.Addresses.Single();
            from.Ping(address, 3).EnsureSuccess();
            UdpExchange.Check(from, to, address);
            TcpTransfer.Check(from, to, address, Bulk);
        }
    }

    /// <summary>flannel has a device a family, each with a MAC and a VTEP of its own.</summary>
    [Fact]
    public void A_dual_stack_peer_has_two_devices_and_each_carries_its_family()
    {
        using Cluster cluster = Cluster.StartBesideKernel(new LabOptions { Name = "twodev" });
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        JsonElement peer = Cluster.Report(a, "peers").EnumerateArray().ShouldHaveSingleItem();
        peer.GetProperty("vtepMac").GetString().ShouldNotBe(peer.GetProperty("vtepMacV6").GetString());
        Routes.ViaOf(a, b.PodCidrV4!.Value.ToString()).ShouldBe(b.UnderlayV4!.ToString());
        Routes.ViaOf(a, b.PodCidrV6!.Value.ToString()).ShouldBe(b.UnderlayV6!.ToString());

        foreach ((NetworkNamespace from, Pod to) in new[] { (a.Pods[0], b.Pods[0]), (b.Pods[0], a.Pods[0]),
            (a, b.Pods[0]), ((NetworkNamespace)b, a.Pods[0]) })
        {
            foreach (IPAddress address in to.Addresses)
            {
                from.Ping(address, 3).EnsureSuccess();
                UdpExchange.Check(from, to, address);
                TcpTransfer.Check(from, to, address, Bulk);
            }
        }

        // Each of its devices has sent and received: neither family went by the other's. How many is a matter of how
        // well they were joined.
        foreach (string device in new[] { "flannel.1", "flannel-v6.1" })
        {
            foreach (string counter in new[] { "rx_packets", "tx_packets" })
                long.Parse(b.Run("cat", $"/sys/class/net/{device}/statistics/{counter}").Output,
                    CultureInfo.InvariantCulture).ShouldBeGreaterThan(200);
        }
    }

    /// <summary>
    /// A super-packet's segment size is guessed; guessed too large, the bridge refuses every segment.
    /// </summary>
    [Fact]
    public void Bulk_tcp_reaches_pods_behind_a_bridge_with_a_smaller_mtu()
    {
        using Cluster cluster = Cluster.StartBesideKernel(
            new LabOptions { Name = "narrow", Underlay = AddressFamilies.V4, Inner = AddressFamilies.V4 });
        (Pod ours, Pod theirs) = (cluster["a"].Pods[0], cluster["b"].Pods[0]);
        cluster["a"].Ip("link set cni0 mtu 1300", $"link set {ours.HostDevice} mtu 1300");
        ours.Ip("link set eth0 mtu 1300");
        Thread.Sleep(1000);
        TcpTransfer.Check(theirs, ours, ours.AddressV4!, 4 * Bulk);
    }

    [Fact]
    public void Super_packets_that_veth_passes_whole_reach_the_pod()
    {
        using Cluster cluster = Cluster.StartBesideKernel(
            new LabOptions { Name = "super", Underlay = AddressFamilies.V4, Inner = AddressFamilies.V4 });
        (Pod ours, Pod theirs) = (cluster["a"].Pods[0], cluster["b"].Pods[0]);
        string capture = Path.Combine(cluster.Lab.Directory, "super.pcap");
        BackgroundProcess tcpdump =
            cluster["a"].Link.StartCapture(capture, "udp dst port 8472 and src host 192.168.77.2 and greater 10000");
        TcpTransfer.Check(theirs, ours, ours.AddressV4!, Bulk);
        _ = tcpdump.Stop();

        // Else this test would pass without having met what it is about.
        new FileInfo(capture).Length.ShouldBeGreaterThan(10_000, "no super-packet crossed the link");
    }

    // Each line is the command: ethtool -K DEVICE FEATURE on|off.
    private static IEnumerable<string> Refused(IReadOnlyList<string> lines) =>
        lines.Select(line => line.Split(" -K ")[1].Split(' ')[1]).Distinct();
}
