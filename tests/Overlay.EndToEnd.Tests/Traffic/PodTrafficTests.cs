using System.Net;
using Overlay.EndToEnd.Tests.Tiers;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Traffic;

/// <summary>Our daemon on every node.</summary>
[Trait(BothTiers.Name, BothTiers.Yes)]
public class PodTrafficTests
{
    private const int Bulk = 8 * 1024 * 1024;

    [Theory]
    [InlineData(AddressFamilies.V4, AddressFamilies.V4)]
    [InlineData(AddressFamilies.V4, AddressFamilies.V6)]
    [InlineData(AddressFamilies.V6, AddressFamilies.V4)]
    [InlineData(AddressFamilies.V6, AddressFamilies.V6)]
    [InlineData(AddressFamilies.Dual, AddressFamilies.Dual)]
    public void Pods_of_two_nodes_exchange_ping_udp_and_bulk_tcp(AddressFamilies underlay, AddressFamilies inner)
    {
        using Cluster cluster =
            Cluster.Start(new LabOptions { Name = "pods", Underlay = underlay, Inner = inner, PodsPerNode = 2 });
        (Pod one, Pod other) = (cluster["a"].Pods[0], cluster["b"].Pods[1]);
        foreach ((Pod from, Pod to) in new[] { (one, other), (other, one) })
        {
            foreach (IPAddress address in to.Addresses)
            {
                from.Ping(address, 3).EnsureSuccess();
                UdpExchange.Check(from, to, address);
                TcpTransfer.Check(from, to, address, Bulk);
            }
        }

        // Pods of one node stay on their bridge, whatever the overlay does.
        foreach (IPAddress address in cluster["a"].Pods[1].Addresses) one.Ping(address).EnsureSuccess();
    }

    [Fact]
    public void Hosts_reach_remote_pods_and_pods_reach_remote_hosts()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "hosts" });
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        foreach (IPAddress address in b.Pods[0].Addresses)
        {
            a.Ping(address).EnsureSuccess();
            TcpTransfer.Check(a, b.Pods[0], address, Bulk);
            UdpExchange.Check(a, b.Pods[0], address);
        }

        // A host answers, and is reached, at its pod CIDR's base address: the TUN's own.
        foreach (IPAddress address in new[] { a.PodCidrV4!.Value.BaseAddress, a.PodCidrV6!.Value.BaseAddress })
        {
            b.Pods[0].Ping(address).EnsureSuccess();
            TcpTransfer.Check(b.Pods[0], a, address, Bulk);
        }
    }

    [Fact]
    public void Three_nodes_form_a_full_mesh()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "mesh", Nodes = 3 });
        foreach (Pod from in cluster.Lab.Pods)
        {
            foreach (Pod to in cluster.Lab.Pods.Where(pod => pod != from))
            {
                foreach (IPAddress address in to.Addresses)
                {
                    from.Ping(address, 1).EnsureSuccess();
                    TcpTransfer.Check(from, to, address, 1024 * 1024);
                }
            }
        }
    }
}
