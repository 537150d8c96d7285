using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Workers;

namespace Overlay.Dataplane.Tests;

/// <summary>A node's real worker on a real thread, between a TUN and an underlay in memory.</summary>
internal sealed class MemoryNode : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    private readonly MemoryUnderlay _underlay;
    private readonly AutoResetEvent _filled = new(false);
    private readonly MemoryReadiness _readiness;
    private readonly WorkerThread _thread;
    private readonly List<Exception> _faults = [];

    /// <param name="identity">Which node.</param>
    /// <param name="table">Its table at first.</param>
    /// <param name="joins">Its TUN takes super-packets.</param>
    /// <param name="sendsTrains">See <see cref="MemoryUnderlay.SendsTrains"/>.</param>
    public MemoryNode(TestNode identity, ForwardingTable table, bool joins = false, bool sendsTrains = false)
    {
        Identity = identity;
        Tun = new MemoryTun(_filled, joins);
        _underlay = new MemoryUnderlay(_filled, identity.Remote.Address, identity.RemoteV6.Address)
        {
            SendsTrains = sendsTrains,
        };
        Publisher.SetLocal(identity.Local);
        Publisher.Publish(table, TableChange.From(table));
        QueueCounters counters = QueueCounters.For(identity.Name);
        Counters = new DataplaneCounters([counters.Egress, counters.Ingress]);
        _readiness = new MemoryReadiness(_filled);
        QueueWorker worker = new($"overlay-{identity.Name}", Tun, _underlay, _readiness, Publisher, counters);
        _thread = new WorkerThread(worker, null, OnEnded);
        _thread.Start();
    }

    public TestNode Identity { get; }

    public MemoryTun Tun { get; }

    public TablePublisher Publisher { get; } = new();

    public DataplaneCounters Counters { get; }

    public static void Join(MemoryNode one, MemoryNode other) => MemoryUnderlay.Join(one._underlay, other._underlay);

    /// <summary>Interrupts the devices, as the daemon does, and waits until what was queued is through.</summary>
    public void Stop()
    {
        Interrupt();
        _thread.Join(_patience).ShouldBeTrue("the worker did not end");
        Tun.InterruptPods();
        lock (_faults) _faults.ShouldBeEmpty();
    }

    public void Dispose()
    {
        // A test that failed has nobody to take packets any more, and workers wait for that. It has said what is wrong.
        Tun.InterruptPods();
        Interrupt();
        _ = _thread.Join(_patience);
        _filled.Dispose();
    }

    private void Interrupt()
    {
        Tun.Interrupt();
        _underlay.Interrupt();
        _readiness.Interrupt();
    }

    private void OnEnded(QueueWorker worker, Exception? fault)
    {
        if (fault is null) return;
        lock (_faults) _faults.Add(fault);
    }
}
