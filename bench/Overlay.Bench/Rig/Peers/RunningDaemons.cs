using Overlay.Lab;

namespace Overlay.Bench.Rig;

/// <summary>The overlayd of each node, from a peer's set-up to its tear-down.</summary>
internal sealed class RunningDaemons
{
    private readonly List<DaemonProcess> _daemons = [];

    /// <summary>Starts one a node, and waits until all forward.</summary>
    public void Start(IEnumerable<Node> nodes, TimeSpan patience)
    {
        foreach (Node node in nodes) _daemons.Add(node.StartDaemon());
        _daemons.ForEach(daemon => daemon.WaitReady(patience));
    }

    /// <summary>Ends all of them, and says what those wrote that did not end well; null when all did.</summary>
    public string? Stop()
    {
        _daemons.ForEach(daemon => daemon.RequestStop());
        string[] bad =
        [
            .. _daemons.Where(daemon => daemon.Stop() != 0)
                .Select(daemon => $"overlayd ended with {daemon.ExitCode}:\n{daemon.Log}"),
        ];
        _daemons.Clear();
        return bad.Length > 0 ? string.Join('\n', bad) : null;
    }
}
