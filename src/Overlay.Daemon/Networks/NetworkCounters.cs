using Overlay.Daemon.Probes;
using Overlay.Daemon.Underlay;
using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Packets;

namespace Overlay.Daemon.Networks;

/// <summary>
/// The counters of one network: of its queues, sockets and packet filter. They outlive every rebuild, so that no metric
/// falls back to zero.
/// </summary>
internal sealed class NetworkCounters
{
    private readonly QueueCounters[] _queues;
    private long _filterRepairs;

    /// <param name="queues">Queues of the network, each with both directions.</param>
    public NetworkCounters(int queues)
    {
        _queues = [.. Enumerable.Range(0, queues).Select(static i => QueueCounters.For($"{i}"))];
        All = new DataplaneCounters([.. _queues.SelectMany(static queue => new[] { queue.Egress, queue.Ingress })]);
    }

    public int Queues => _queues.Length;

    public DataplaneCounters All { get; }

    /// <summary>The sum of all workers' calls.</summary>
    public long Calls(Syscall call) => _queues.Sum(queue => queue.Calls[call]);

    /// <summary>Datagrams that the kernel drops at the tunnels' sockets.</summary>
    public KernelDrops Sockets { get; } = new();

    /// <summary>Datagrams that wait at the tunnels' sockets.</summary>
    public KernelQueue SocketQueue { get; } = new();

    /// <summary>Packets that the kernel drops in front of the TUN, as its queue is full.</summary>
    public KernelDrops Tun { get; } = new();

    /// <summary>Packets that the kernel forwards and drops by itself.</summary>
    public TierCounters Kernel { get; } = new();

    /// <summary>Inner packets passed on in that direction, by workers and kernel.</summary>
    public long ForwardedPackets(Direction direction) =>
        All.ForwardedPackets(direction) + Kernel.Forwarded(direction).Packets;

    /// <summary>Bytes of inner IP packets passed on in that direction, by workers and kernel.</summary>
    public long ForwardedBytes(Direction direction) =>
        All.ForwardedBytes(direction) + Kernel.Forwarded(direction).Bytes;

    /// <summary>Packets dropped in that direction for that reason, by workers and kernel.</summary>
    public long Dropped(Direction direction, DropReason reason) =>
        All.Dropped(direction, reason) + Kernel.Dropped(direction, reason);

    /// <summary>Repairs of the packet filter after another program had changed it.</summary>
    public long FilterRepairs => Interlocked.Read(ref _filterRepairs);

    /// <summary>The packet filter was put back. Any thread may call.</summary>
    public void AddFilterRepair() => Interlocked.Increment(ref _filterRepairs);

    /// <summary>Probes of other nodes.</summary>
    public ProbeCounters Probes { get; } = new();

    /// <summary>The counters of one queue.</summary>
    public QueueCounters this[int queue] => _queues[queue];
}
