using Overlay.Dataplane.Egress;
using Overlay.Dataplane.Ingress;
using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Ports;

namespace Overlay.Dataplane.Workers;

/// <summary>One queue's packets in both directions, by turns, on one thread.</summary>
/// <remarks>
/// One thread and not two: what a write to the TUN makes a pod answer, its ACKs above all, is read and sent by the
/// thread that is awake already. With a thread for each direction every ACK costs two wake-ups more on its way.
/// </remarks>
public sealed class QueueWorker(string name, EgressPath egress, IngressPath ingress, IReadiness readiness) : IWorker
{
    private const int BatchSize = 64;

    // A TUN queues 500 packets by default: eight batches of 64, and as many again for what comes meanwhile.
    private const int DrainRounds = 16;

    private readonly PacketBatch _batch = new(BatchSize);

    public string Name => name;

    public void Run()
    {
        for (int drained = 0; drained < DrainRounds;)
        {
            bool isIdle = !(egress.TryForward(_batch) | ingress.TryForward(_batch));
            if (readiness.IsInterrupted)
            {
                if (isIdle) return;
                drained++;
            }
            else if (isIdle) readiness.Wait();
        }
    }
}
