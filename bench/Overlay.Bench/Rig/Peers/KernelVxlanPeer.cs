using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;

namespace Overlay.Bench.Rig.Peers;

/// <summary>The kernel's VXLAN device as flannel sets it up: what the ratios are of.</summary>
internal sealed class KernelVxlanPeer : IPeer
{
    private readonly List<KernelVxlan> _devices = [];

    public string Name => PeerCatalog.Reference;

    public string Describe(LabNetwork lab) =>
        "the kernel's VXLAN as flannel sets it up: static FDB, nolearning, outer UDP checksum on";

    public void SetUp(LabNetwork lab)
    {
        foreach (Node node in lab.Nodes) _devices.Add(node.UseKernelVxlan(lab.Nodes));
    }

    public void TearDown(LabNetwork lab)
    {
        _devices.ForEach(device => device.Remove());
        _devices.Clear();
    }
}
