using Overlay.Daemon.Probes;
using Overlay.Dataplane.Counters;

namespace Overlay.Daemon.Networks;

/// <summary>
/// The counters of one network's queues. They outlive every rebuild, so that no metric falls back to zero.
/// </summary>
internal sealed class NetworkCounters
{
    private readonly QueueCounters[] _queues;

    /// <param name="queues">Queues of the network, each with both directions.</param>
    public NetworkCounters(int queues)
    {
        _queues = [.. Enumerable.Range(0, queues).Select(static i => QueueCounters.For($"{i}"))];
        All = new DataplaneCounters([.. _queues.SelectMany(static queue => new[] { queue.Egress, queue.Ingress })]);
    }

    public int Queues => _queues.Length;

    public DataplaneCounters All { get; }

    /// <summary>Probes of other nodes.</summary>
    public ProbeCounters Probes { get; } = new();

    /// <summary>The counters of one queue.</summary>
    public QueueCounters this[int queue] => _queues[queue];
}
