using System.Text.Json.Nodes;
using Overlay.Lab;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;
using Overlay.Wire;
using Overlay.Wire.Headers;

namespace Overlay.Bench.Rig.Peers;

/// <summary>One overlayd a node; on request in a network of many more nodes, of which only these two exist.</summary>
internal sealed class OverlayPeer(string name, int absentNodes, string tier = LabOptions.UserSpace) : IPeer
{
    // Every absent node's file is read before a daemon is ready.
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(3);

    // A TCP super-packet of more segments than one UDP send takes costs two; Linux itself builds one more or two.
    private const int NoLimit = 65_535;

    private readonly RunningDaemons _daemons = new();
    private readonly AbsentNodes _absent = new(absentNodes);

    public string Name => name;

    public string Describe(LabNetwork lab)
    {
        string nodes = absentNodes == 0 ? "" : $", {absentNodes} more nodes in the control plane";
        return $"{ProductBinary.Version("overlayd")}, tier {tier}, pods' links with gso_max_segs {MaxSegments(lab)}{nodes}";
    }

    public void SetUp(LabNetwork lab)
    {
        if (absentNodes > 0) _absent.Write(lab.LeaseDirectory);
        foreach (Node node in lab.Nodes) node.WriteConfig(Edit);

        LimitSegments(lab, MaxSegments(lab));
        _daemons.Start(lab.Nodes, _patience);

        // Lease files younger than a minute are read at every look, of which there are several at the start.
        if (absentNodes > 0) _daemons.Settle(_patience);
    }

    public void TearDown(LabNetwork lab)
    {
        string? complaint = _daemons.Stop();
        LimitSegments(lab, NoLimit);
        if (absentNodes > 0)
        {
            _absent.Remove();
            foreach (Node node in lab.Nodes)
            {
                if (Directory.Exists(node.StateDirectory)) Directory.Delete(node.StateDirectory, recursive: true);
            }
        }

        if (complaint is not null) throw new LabException(complaint);
    }

    private static int MaxSegments(LabNetwork lab) =>
        UdpHeader.MaxPayload / (lab.Options.EffectivePodMtu + VxlanOverhead.InPayload);

    private static void LimitSegments(LabNetwork lab, int segments)
    {
        foreach (Pod pod in lab.Pods) pod.Ip($"link set eth0 gso_max_segs {segments}");
    }

    private void Edit(JsonObject overlay)
    {
        overlay["Dataplane"]!["Tier"] = tier;
        if (absentNodes == 0) return;
        overlay["Network"]!["Cidr"] = AbsentNodes.Cluster;
        overlay["ServiceCidrs"] = new JsonArray();
    }
}
