using Overlay.Lab.Topology;

namespace Overlay.Bench.Rig.Peers;

/// <summary>No tunnel: pod CIDRs routed over the underlay. The ceiling for all the others.</summary>
internal sealed class BarePeer : IPeer
{
    private readonly List<PlainRoutes> _routes = [];

    public string Name => "bare";

    public string Describe(LabNetwork lab) => "plain routes over the underlay, no tunnel; pods keep the tunnels' MTU";

    public void SetUp(LabNetwork lab)
    {
        foreach (Node node in lab.Nodes) _routes.Add(node.UsePlainRoutes(lab.Nodes));
    }

    public void TearDown(LabNetwork lab)
    {
        _routes.ForEach(routes => routes.Remove());
        _routes.Clear();
    }
}
