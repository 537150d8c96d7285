namespace Overlay.Dataplane;

/// <summary>Underlay to TUN: receive a batch, decapsulate it, join it, write it, count it. One thread runs one of these.</summary>
public sealed class IngressWorker(
    IUnderlay underlay, Decapsulator decapsulator, Coalescer coalescer, ITunDevice tun, TablePublisher publisher, WorkerCounters counters)
    : IWorker
{
    private const int BatchSize = 64;

    private readonly PacketBatch _batch = new(BatchSize);

    public string Name => counters.Name;

    public void Run()
    {
        while (underlay.Receive(_batch)) Forward();
    }

    private void Forward()
    {
        decapsulator.Decapsulate(_batch, publisher.Current);
        coalescer.Coalesce(_batch);
        tun.Write(_batch);
        counters.Add(_batch, overhead: 0);
    }
}
