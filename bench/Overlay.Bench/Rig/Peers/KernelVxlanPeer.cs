using System.Net;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;

namespace Overlay.Bench.Rig.Peers;

/// <summary>The kernel's VXLAN device as flannel sets it up.</summary>
/// <param name="name">Of the peer.</param>
/// <param name="masquerades">
/// Nodes have flannel's rules too (--ip-masq), as all nodes of a cluster have: conntrack sees each packet then, as it does
/// with overlayd.
/// </param>
internal sealed class KernelVxlanPeer(string name, bool masquerades) : IPeer
{
    private const string Table = "flannel";

    private readonly List<KernelVxlan> _devices = [];

    public string Name => name;

    public string Describe(LabNetwork lab) =>
        "the kernel's VXLAN as flannel sets it up: static FDB, nolearning, outer UDP checksum on"
        + (masquerades ? ", with flannel's rules of masquerading" : ", without rules of netfilter");

    public void SetUp(LabNetwork lab)
    {
        foreach (Node node in lab.Nodes) _devices.Add(node.UseKernelVxlan(lab.Nodes));
        if (!masquerades) return;
        foreach (Node node in lab.Nodes) node.Run("nft", Rules(node.PodCidrV4!.Value)).EnsureSuccess();
    }

    public void TearDown(LabNetwork lab)
    {
        if (masquerades)
        {
            foreach (Node node in lab.Nodes) _ = node.Run("nft", "delete", "table", "ip", Table);
        }

        _devices.ForEach(device => device.Remove());
        _devices.Clear();
    }

    // In nft's words what flanneld writes by iptables (FLANNEL-POSTRTG and FLANNEL-FWD).
    private static string Rules(IPNetwork own)
    {
        IPNetwork cluster = LabAddresses.ClusterV4;
        return $$"""
        table ip {{Table}} {
            chain postrouting {
                type nat hook postrouting priority srcnat;
                meta mark & 0x4000 == 0x4000 return
                ip saddr {{cluster}} ip daddr {{cluster}} return
                ip saddr {{cluster}} ip daddr != 224.0.0.0/4 masquerade fully-random
                ip saddr != {{cluster}} ip daddr {{own}} return
                ip saddr != {{cluster}} ip daddr {{cluster}} masquerade fully-random
            }
            chain forward {
                type filter hook forward priority filter;
                ip saddr {{cluster}} accept
                ip daddr {{cluster}} accept
            }
        }
        """;
    }
}
