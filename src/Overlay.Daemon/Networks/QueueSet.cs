using Overlay.Dataplane.Linux.Polling;
using Overlay.Dataplane.Linux.Udp;
using Overlay.Dataplane.Workers;
using Overlay.Host.Interop;

namespace Overlay.Daemon.Networks;

/// <summary>The underlay's sockets and the workers between them and the TUN: what another underlay address makes anew.</summary>
internal sealed class QueueSet(
    UdpSockets sockets, IReadOnlyList<QueueReadiness> readiness, IReadOnlyList<QueueWorker> workers, bool isPinned) : IDisposable
{
    private static readonly TimeSpan _drainTime = TimeSpan.FromSeconds(2);

    private readonly List<WorkerThread> _threads = [];

    public int Count => sockets.Count;

    /// <summary>Most datagrams of one send: 1 where the kernel or a device cannot segment.</summary>
    public int MaxSegments => sockets.Min(static socket => socket.MaxSegments);

    /// <summary>A worker has not ended in time: it is still in a system call.</summary>
    public bool IsStuck { get; private set; }

    /// <summary>Starts the workers, each on its thread.</summary>
    /// <param name="failed">Called when one of them cannot go on, with its name and the reason.</param>
    public void Start(Action<string, Exception> failed)
    {
        for (int i = 0; i < workers.Count; i++)
        {
            int processor = i % Environment.ProcessorCount;
            _threads.Add(new WorkerThread(workers[i], isPinned ? () => ThreadAffinity.PinTo(processor) : null, Ended));
        }

        foreach (WorkerThread thread in _threads) thread.Start();

        void Ended(QueueWorker worker, Exception? fault)
        {
            if (fault is not null) failed(worker.Name, fault);
        }
    }

    /// <summary>Ends the workers after they have passed on what was queued; nothing to do where <see cref="Start"/> was not called.</summary>
    public void Stop()
    {
        foreach (QueueReadiness queue in readiness) queue.Interrupt();
        foreach (WorkerThread thread in _threads) IsStuck |= !thread.Join(_drainTime);
    }

    /// <summary>Closes the sockets, unless a worker is stuck: its descriptors and its memory stay, and go with the process.</summary>
    public void Dispose()
    {
        if (IsStuck) return;
        sockets.Dispose();
        foreach (QueueReadiness queue in readiness) queue.Dispose();
    }
}
