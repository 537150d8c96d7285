using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Overlay.Dataplane.Linux.Tun;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Traffic;

/// <summary>Every set of offloads that a kernel may have carries the same bytes.</summary>
public class OffloadTests
{
    private const int Bulk = 16 * 1024 * 1024;

    private static readonly Offloads[] _tunSets =
    [
        Offloads.None, Offloads.TunHeader, Offloads.TunHeader | Offloads.TunTcp, Offloads.TunHeader | Offloads.TunUdp,
        Offloads.TunHeader | Offloads.TunTcp | Offloads.TunUdp,
    ];

    private static readonly Offloads[] _udpSets =
        [Offloads.None, Offloads.UdpSend, Offloads.UdpReceive, Offloads.UdpSend | Offloads.UdpReceive];

    public static TheoryData<Offloads> Sets => [.. _tunSets.SelectMany(_ => _udpSets, (tun, udp) => tun | udp)];

    [Theory]
    [MemberData(nameof(Sets))]
    public void Pods_of_two_daemons_exchange_bulk_tcp_and_bursts(Offloads offloads)
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "offloads" }, Setting(offloads));
        foreach (Node node in cluster.Lab.Nodes) ShouldUse(node, offloads);
        Exchange(cluster);
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Pods_of_a_daemon_and_of_kernel_vxlan_exchange_bulk_tcp_and_bursts(Offloads offloads)
    {
        using Cluster cluster = Cluster.StartBesideKernel(new LabOptions { Name = "offloads" }, Setting(offloads));
        ShouldUse(cluster["a"], offloads);
        Exchange(cluster);
    }

    /// <summary>Where the underlay's links segment, and where they also join again what arrives.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Links_that_segment_like_a_wire_carry_the_same(bool isBesideKernel, bool receiveOffload)
    {
        LabOptions options = new() { Name = "wirelike" };
        using Cluster cluster = isBesideKernel ? Cluster.StartBesideKernel(options) : Cluster.Start(options);
        foreach (Node node in cluster.Lab.Nodes) node.Link.SetOffloads(false, receiveOffload);
        Exchange(cluster);
    }

    private static void Exchange(Cluster cluster)
    {
        (Pod one, Pod other) = (cluster["a"].Pods[0], cluster["b"].Pods[0]);
        foreach ((Pod from, Pod to) in new[] { (one, other), (other, one) })
        {
            foreach (IPAddress address in to.Addresses)
            {
                TcpTransfer.Check(from, to, address, Bulk);
                UdpExchange.Check(from, to, address);

                // As large as the pods' links take; some that fit one packet even together; odd ones.
                UdpBurst.Check(from, to, address, 1300, 40, 1299);
                UdpBurst.Check(from, to, address, 500, 2, 0);
                UdpBurst.Check(from, to, address, 33, 50, 1);
            }
        }
    }

    private static Action<JsonObject> Setting(Offloads offloads)
    {
        string[] names = offloads == Offloads.None ? [nameof(Offloads.None)] : offloads.ToString().Split(", ");
        return overlay => overlay["Dataplane"] = new JsonObject
        {
            ["Offloads"] = new JsonArray([.. names.Select(name => (JsonNode)name)]),
        };
    }

    private static void ShouldUse(Node node, Offloads offloads)
    {
        JsonElement used = Cluster.Report(node, "status").GetProperty("dataplane").GetProperty("offloads");
        used.EnumerateArray().Select(name => Enum.Parse<Offloads>(name.GetString()!))
            .Aggregate(Offloads.None, (all, one) => all | one).ShouldBe(offloads);
    }
}
