namespace Overlay.Dataplane;

/// <summary>TUN to underlay: read a batch, encapsulate it, send it, count it. One thread runs one of these.</summary>
public sealed class EgressWorker(
    ITunDevice tun, Encapsulator encapsulator, IUnderlay underlay, TablePublisher publisher, WorkerCounters counters)
    : IWorker
{
    private const int BatchSize = 64;

    private readonly PacketBatch _batch = new(BatchSize);

    public string Name => counters.Name;

    public void Run()
    {
        while (tun.Read(_batch)) Forward();
    }

    private void Forward()
    {
        encapsulator.Encapsulate(_batch, publisher.Current);
        underlay.Send(_batch);
        counters.Add(_batch, Encapsulator.Overhead);
    }
}
