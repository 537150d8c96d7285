using System.Text.Json.Nodes;
using Overlay.Lab;

namespace Overlay.Bench.Rig;

/// <summary>One overlayd a node; on request in a network of many more nodes, of which only these two exist.</summary>
internal sealed class OverlayPeer(string name, int absentNodes) : IPeer
{
    // Every absent node's file is read before a daemon is ready.
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(3);

    private readonly List<DaemonProcess> _daemons = [];
    private readonly AbsentNodes _absent = new(absentNodes);

    public string Name => name;

    public string Describe(LabNetwork lab) => absentNodes == 0
        ? ProductBinary.Version("overlayd")
        : $"{ProductBinary.Version("overlayd")}, {absentNodes} more nodes in the control plane";

    public void SetUp(LabNetwork lab)
    {
        if (absentNodes > 0)
        {
            _absent.Write(lab.LeaseDirectory);
            foreach (Node node in lab.Nodes) node.WriteConfig(Widen);
        }

        foreach (Node node in lab.Nodes) _daemons.Add(node.StartDaemon());
        _daemons.ForEach(daemon => daemon.WaitReady(_patience));
    }

    public void TearDown(LabNetwork lab)
    {
        _daemons.ForEach(daemon => daemon.RequestStop());
        string[] bad =
        [
            .. _daemons.Where(daemon => daemon.Stop() != 0)
                .Select(daemon => $"overlayd ended with {daemon.ExitCode}:\n{daemon.Log}"),
        ];
        _daemons.Clear();
        if (absentNodes > 0)
        {
            _absent.Remove();
            foreach (Node node in lab.Nodes)
            {
                node.WriteConfig();
                if (Directory.Exists(node.StateDirectory)) Directory.Delete(node.StateDirectory, recursive: true);
            }
        }

        if (bad.Length > 0) throw new LabException(string.Join('\n', bad));
    }

    private static void Widen(JsonObject overlay)
    {
        overlay["Network"]!["Cidr"] = AbsentNodes.Cluster;
        overlay["ServiceCidrs"] = new JsonArray();
    }
}
