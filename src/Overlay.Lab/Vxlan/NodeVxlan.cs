using Overlay.Lab.Topology;

namespace Overlay.Lab.Vxlan;

/// <summary>Nodes as flannel sets them up: the kernel's own VXLAN device, no daemon.</summary>
public static class NodeVxlan
{
    /// <summary>Makes this a node of flannel's, joined to the peers.</summary>
    public static KernelVxlan UseKernelVxlan(this Node node, params IEnumerable<Node> peers)
    {
        KernelVxlan vxlan = new(node);
        foreach (Node peer in peers.Where(peer => peer != node))
        {
            vxlan.AddPeer(KernelVxlan.LeaseOf(peer));
        }

        return vxlan;
    }

    /// <summary>Joins all nodes as flannel would with kernel VXLAN.</summary>
    public static void UseKernelVxlan(this LabNetwork lab)
    {
        foreach (Node node in lab.Nodes) node.UseKernelVxlan(lab.Nodes);
    }
}
