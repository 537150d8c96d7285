using System.Net;
using System.Net.Sockets;
using Overlay.Bench.Rig.Traffic;
using Overlay.Lab;

namespace Overlay.Bench.Tests.Rig;

/// <summary>A probe on loopback: a receiver that is connected to somebody else gets nothing of it.</summary>
public sealed class ProbeTests : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan _delay = TimeSpan.FromMilliseconds(50);

    private readonly Socket _sender = Bound();
    private readonly Socket _receiver = Bound();
    private readonly Socket _stranger = Bound();
    private readonly Probe _probe;

    public ProbeTests() => _probe = new Probe(_sender, _receiver, _receiver.LocalEndPoint!);

    [Fact]
    public void The_time_runs_from_before_the_change_until_packets_arrive()
    {
        Stop();
        TimeSpan time = _probe.TimeOf(() =>
        {
            Thread.Sleep(_delay);
            Resume();
        }, _patience);
        time.ShouldBeInRange(_delay, _patience);

        // Again, with the change that returns long after the first arrival.
        Stop();
        _probe.TimeOf(() =>
        {
            Resume();
            Thread.Sleep(TimeSpan.FromSeconds(1));
        }, _patience).ShouldBeLessThan(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void Packets_that_do_not_arrive_and_packets_that_do_not_stop_are_errors()
    {
        Should.Throw<LabException>(() => _probe.WaitForSilence(_delay)).Message.ShouldContain("still arrive");
        Stop();
        Should.Throw<LabException>(() => _probe.TimeOf(() => { }, _delay)).Message.ShouldContain("no packet arrives");
    }

    public void Dispose()
    {
        _probe.Dispose();
        _stranger.Dispose();
    }

    private static Socket Bound()
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    private void Stop()
    {
        _receiver.Connect(_stranger.LocalEndPoint!);
        _probe.WaitForSilence(_patience);
    }

    private void Resume() => _receiver.Connect(_sender.LocalEndPoint!);
}
