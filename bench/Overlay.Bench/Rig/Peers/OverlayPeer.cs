using Overlay.Lab;

namespace Overlay.Bench.Rig;

/// <summary>One overlayd a node.</summary>
internal sealed class OverlayPeer : IPeer
{
    private readonly List<DaemonProcess> _daemons = [];

    public string Name => "overlay";

    public string Describe(LabNetwork lab) => ProductBinary.Version("overlayd");

    public void SetUp(LabNetwork lab)
    {
        foreach (Node node in lab.Nodes) _daemons.Add(node.StartDaemon());
        _daemons.ForEach(daemon => daemon.WaitReady());
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
        if (bad.Length > 0) throw new LabException(string.Join('\n', bad));
    }
}
