using Overlay.Daemon.Options;
using Overlay.Dataplane.Linux.Polling;
using Overlay.Dataplane.Linux.Tun;
using Overlay.Dataplane.Linux.Udp;
using Overlay.Dataplane.Workers;

namespace Overlay.Daemon.Networks;

/// <summary>
/// The workers between a network's TUN and the underlay's sockets, which belong to others and must outlive it.
/// </summary>
internal sealed class QueueSet : IDisposable
{
    private static readonly TimeSpan _drainTime = TimeSpan.FromSeconds(2);

    private readonly List<QueueReadiness> _readiness = [];
    private readonly List<QueueWorker> _workers = [];
    private readonly List<WorkerThread> _threads = [];

    private readonly IReadOnlyList<UdpUnderlay> _sockets;

    private QueueSet(IReadOnlyList<UdpUnderlay> sockets) => _sockets = sockets;

    /// <summary>No workers: the network is not attached to the underlay.</summary>
    public static QueueSet None { get; } = new([]);

    /// <summary>
    /// Most datagrams of one send: 1 where the kernel or a device cannot segment, which some find out only by a send.
    /// </summary>
    public int MaxSegments => _sockets.Count == 0 ? 1 : _sockets.Min(static socket => socket.MaxSegments);

    /// <summary>
    /// A worker has not ended in time: it is still in a system call, and uses its descriptors and memory.
    /// </summary>
    public bool IsStuck { get; private set; }

    /// <summary>Makes the workers; none runs yet.</summary>
    /// <param name="tuns">The TUN's queues.</param>
    /// <param name="sockets">As many of the underlay.</param>
    /// <param name="options">Busy polling and pinning.</param>
    /// <param name="context">Table and counters; hears of a worker that cannot go on.</param>
    /// <exception cref="IOException">The kernel refused what the workers wait with; none runs.</exception>
    public static QueueSet Create(IReadOnlyList<TunDevice> tuns, IReadOnlyList<UdpUnderlay> sockets,
        DataplaneOptions options, NetworkContext context)
    {
        QueueSet queues = new(sockets);
        WorkerPinning pinning = new(context.Problems);
        try
        {
            for (int i = 0; i < sockets.Count; i++) Add(i);
        }
        catch
        {
            queues.Dispose();
            throw;
        }

        return queues;

        void Add(int i)
        {
            QueueReadiness readiness = new(tuns[i], sockets[i], options.BusyPoll);
            tuns[i].Calls = sockets[i].Calls = readiness.Calls = context.Counters[i].Calls;
            queues._readiness.Add(readiness);
            string name = $"overlay-{i}";
            QueueWorker worker =
                new(name, tuns[i], sockets[i], readiness, context.Table, context.Counters[i]);
            queues._workers.Add(worker);
            queues._threads.Add(new WorkerThread(
                worker, options.PinWorkers ? () => pinning.Pin(name, i) : null, Ended));
        }

        void Ended(QueueWorker worker, Exception? fault)
        {
            if (fault is not null) context.Failed(worker.Name, fault);
        }
    }

    /// <summary>Starts the workers, each on its thread. To be called once.</summary>
    public void Start()
    {
        foreach (WorkerThread thread in _threads) thread.Start();
    }

    /// <summary>Ends the workers after they have passed on what was queued, or at once.</summary>
    /// <param name="leavesQueued">What is queued is left to the next workers.</param>
    public void Stop(bool leavesQueued = false)
    {
        foreach (QueueWorker worker in _workers) worker.LeavesQueued = leavesQueued;
        foreach (QueueReadiness queue in _readiness) queue.Interrupt();
        foreach (WorkerThread thread in _threads) IsStuck |= !thread.Join(_drainTime);
    }

    /// <summary>Frees what the workers waited with, unless one is stuck: it goes with the process.</summary>
    public void Dispose()
    {
        if (IsStuck) return;
        foreach (QueueReadiness queue in _readiness) queue.Dispose();
    }
}
