using Microsoft.Extensions.Logging;
using Overlay.Daemon.Problems;
using Overlay.Daemon.Underlay;
using Overlay.Dataplane.Forwarding;

namespace Overlay.Daemon.Networks;

/// <summary>All that a network uses and that outlives each of its rebuilds.</summary>
/// <param name="Table">Routes and VTEPs of the network.</param>
/// <param name="Counters">Packets and drops of the network.</param>
/// <param name="Problems">The board that the network's parts report to.</param>
/// <param name="UnderlayWait">The patience with the underlay.</param>
/// <param name="Failed">Called when a part cannot go on, with its name and the reason.</param>
/// <param name="Loggers">For every part.</param>
internal sealed record NetworkContext(
    TablePublisher Table, NetworkCounters Counters, ProblemBoard Problems, UnderlayWait UnderlayWait,
    Action<string, Exception> Failed, ILoggerFactory Loggers)
{
    /// <summary>
    /// Another overlayd answers yet for what the kernel keeps, and goes on with it where this one fails: nothing of it is
    /// removed.
    /// </summary>
    public bool IsGuest { get; set; }
}
