namespace Overlay.Dataplane.Tests;

/// <summary>A node's real workers on real threads, between a TUN and an underlay in memory.</summary>
internal sealed class MemoryNode : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    private readonly MemoryUnderlay _underlay;
    private readonly WorkerThread[] _threads;
    private readonly List<Exception> _faults = [];

    /// <param name="identity">Which node.</param>
    /// <param name="table">Its table at first.</param>
    /// <param name="joins">Its TUN takes super-packets.</param>
    /// <param name="sendsTrains">See <see cref="MemoryUnderlay.SendsTrains"/>.</param>
    public MemoryNode(TestNode identity, ForwardingTable table, bool joins = false, bool sendsTrains = false)
    {
        Identity = identity;
        _underlay = new MemoryUnderlay(identity.Remote.Address, identity.RemoteV6.Address) { SendsTrains = sendsTrains };
        Publisher.Publish(table);
        WorkerCounters egress = new($"egress-{identity.Name}", Direction.Egress);
        WorkerCounters ingress = new($"ingress-{identity.Name}", Direction.Ingress);
        Counters = new DataplaneCounters([egress, ingress]);
        IWorker[] workers =
        [
            new EgressWorker(Tun, new Encapsulator(identity.Own), _underlay, Publisher, egress),
            new IngressWorker(_underlay, new Decapsulator(identity.Own, Tun.Mtu), new Coalescer(joins, joins), Tun, Publisher, ingress),
        ];
        _threads = [.. workers.Select(worker => new WorkerThread(worker, null, OnEnded))];
        foreach (WorkerThread thread in _threads) thread.Start();
    }

    public TestNode Identity { get; }

    public MemoryTun Tun { get; } = new();

    public TablePublisher Publisher { get; } = new();

    public DataplaneCounters Counters { get; }

    public static void Join(MemoryNode one, MemoryNode other) => MemoryUnderlay.Join(one._underlay, other._underlay);

    /// <summary>Interrupts the devices, as the daemon does, and waits until what was queued is through.</summary>
    public void Stop()
    {
        Interrupt();
        foreach (WorkerThread thread in _threads) thread.Join(_patience).ShouldBeTrue("a worker did not end");
        Tun.InterruptPods();
        lock (_faults) _faults.ShouldBeEmpty();
    }

    public void Dispose()
    {
        // A test that failed has nobody to take packets any more, and workers wait for that. It has said what is wrong.
        Tun.InterruptPods();
        Interrupt();
    }

    private void Interrupt()
    {
        Tun.Interrupt();
        _underlay.Interrupt();
    }

    private void OnEnded(IWorker worker, Exception? fault)
    {
        if (fault is null) return;
        lock (_faults) _faults.Add(fault);
    }
}
