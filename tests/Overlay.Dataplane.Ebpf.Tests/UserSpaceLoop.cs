using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Linux.Polling;
using Overlay.Dataplane.Linux.Tun;
using Overlay.Dataplane.Linux.Udp;
using Overlay.Dataplane.Tests;
using Overlay.Dataplane.Workers;

namespace Overlay.Dataplane.Ebpf.Tests;

/// <summary>The daemon's own loop of a node, in place of its tier or beside it.</summary>
internal sealed class UserSpaceLoop : IDisposable
{
    private readonly UdpSockets _sockets;
    private readonly QueueReadiness _readiness;
    private readonly WorkerThread _thread;
    private bool _isDisposed;

    /// <param name="end">The node; its table goes for both.</param>
    /// <param name="own">Its addresses.</param>
    public UserSpaceLoop(TierEnd end, TestNode own)
    {
        // Without UDP_GRO, as a train of datagrams cannot be handed over.
        _sockets = end.Node.Invoke(() => UdpSockets.Open(
            1, own.Remote.Address.ToIpv4(), own.RemoteV6.Address.ToIpv6(), TierEnd.Port, Offloads.UdpSend));
        _readiness = new QueueReadiness(end.Tun, _sockets[0], TimeSpan.Zero);
        Counters = QueueCounters.For("loop");
        QueueWorker worker = new("loop", end.Tun, _sockets[0], _readiness, end.Publisher, Counters);
        _thread = new WorkerThread(worker, null, (_, fault) => Fault = fault);
        _thread.Start();
    }

    public QueueCounters Counters { get; }

    public Exception? Fault { get; private set; }

    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _readiness.Interrupt();
        _thread.Join(TimeSpan.FromSeconds(5)).ShouldBeTrue();
        _readiness.Dispose();
        _sockets.Dispose();
    }
}
