using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Egress;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Ingress;
using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Ports;

namespace Overlay.Dataplane.Workers;

/// <summary>One queue's packets in both directions, by turns, on one thread.</summary>
/// <remarks>
/// <para>Between a TUN and an underlay, whichever they are: the kernel's in the daemon, memory in tests and
/// benchmarks.</para>
/// <para>
/// One thread and not two: the answer of a pod to a write to the TUN, its ACKs above all, is read and sent by the
/// thread that is awake already. With a thread for each direction every ACK costs two wake-ups more on its way.
/// </para>
/// </remarks>
public sealed class QueueWorker
{
    private const int BatchSize = 64;

    // A TUN queues 1,000 packets: 16 batches of 64, and as many again for packets that come meanwhile.
    private const int DrainRounds = 32;

    private readonly PacketBatch _batch = new(BatchSize);
    private readonly EgressPath _egress;
    private readonly IngressPath _ingress;
    private readonly IReadiness _readiness;

    /// <param name="name">The thread's; Linux shows the first 15 characters.</param>
    /// <param name="tun">The pods' side.</param>
    /// <param name="underlay">The peers' side.</param>
    /// <param name="readiness">Waits for either.</param>
    /// <param name="publisher">Has the table that packets go by.</param>
    /// <param name="counters">Only this worker adds to them; with the place where a listener is found.</param>
    public QueueWorker(
        string name, ITunDevice tun, IUnderlay underlay, IReadiness readiness, TablePublisher publisher,
        QueueCounters counters)
    {
        Name = name;
        _egress = new EgressPath(tun, underlay, publisher, counters.Egress, counters.Tap);
        _ingress = new IngressPath(underlay, tun, publisher, counters.Ingress, counters.Strangers, counters.Tap);
        _readiness = readiness;
    }

    public string Name { get; }

    /// <summary>What is queued when it is interrupted is left where it is: another worker takes it soon.</summary>
    public bool LeavesQueued { get; set; }

    /// <summary>Runs until it is interrupted and queued packets are through, unless it leaves those.</summary>
    /// <exception cref="IOException">A device is gone.</exception>
    public void Run()
    {
        for (int drained = 0; drained < DrainRounds;)
        {
            bool isIdle = !(_egress.TryForward(_batch) | _ingress.TryForward(_batch));
            if (_readiness.IsInterrupted)
            {
                if (isIdle || LeavesQueued) return;
                drained++;
            }
            else if (isIdle) _readiness.Wait();
        }
    }
}
