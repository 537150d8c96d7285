using System.Diagnostics;
using Overlay.Lab;
using Overlay.Lab.Topology;

namespace Overlay.Bench.Rig.Peers;

/// <summary>The overlayd of each node, from a peer's set-up to its tear-down.</summary>
internal sealed class RunningDaemons
{
    private static readonly TimeSpan _look = TimeSpan.FromSeconds(1);

    // Of one processor: an idle daemon takes less than a tenth of this.
    private const double Quiet = 0.05;

    private readonly List<DaemonProcess> _daemons = [];

    /// <summary>Starts one a node, and waits until all forward.</summary>
    public void Start(IEnumerable<Node> nodes, TimeSpan patience)
    {
        foreach (Node node in nodes) _daemons.Add(node.StartDaemon());
        _daemons.ForEach(daemon => daemon.WaitReady(patience));
    }

    /// <summary>
    /// Waits until none is busy with what it was started on: the workloads measure packets, not the start.
    /// </summary>
    public void Settle(TimeSpan patience)
    {
        long begun = Stopwatch.GetTimestamp();
        double busy;
        do
        {
            if (Stopwatch.GetElapsedTime(begun) > patience)
                throw new LabException($"overlayd is still busy {patience.TotalSeconds:0} s after it was ready");
            TimeSpan before = ProcessorTime();
            Thread.Sleep(_look);
            busy = (ProcessorTime() - before) / _look;
        }
        while (busy > Quiet);
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

    private TimeSpan ProcessorTime()
    {
        TimeSpan sum = TimeSpan.Zero;
        foreach (DaemonProcess daemon in _daemons)
        {
            using Process process = Process.GetProcessById(daemon.Pid);
            sum += process.TotalProcessorTime;
        }

        return sum;
    }
}
