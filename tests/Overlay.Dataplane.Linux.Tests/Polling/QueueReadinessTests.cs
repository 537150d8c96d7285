using System.Net;
using System.Net.Sockets;
using Overlay.Dataplane.Linux.Polling;
using Overlay.Dataplane.Linux.Tun;
using Overlay.Dataplane.Linux.Udp;
using Overlay.Dataplane.Packets;
using Overlay.Lab.Topology;
using Overlay.Testing;

namespace Overlay.Dataplane.Linux.Tests;

/// <summary>A worker's sleep: each of its descriptors ends it, and so does an interruption.</summary>
public sealed class QueueReadinessTests : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    private readonly UdpRig _rig = new();
    private TunDevice _tun = null!;
    private UdpUnderlay _underlay = null!;

    public QueueReadinessTests() => _rig.Guard(() =>
    {
        Node node = _rig.A;
        _tun = node.Invoke(() => TunDevice.Create("overlay.9"));
        node.Set("net/ipv6/conf/overlay.9/disable_ipv6", "1");
        node.Ip("link set overlay.9 up", "address add 10.9.0.1/24 dev overlay.9");
        _underlay = _rig.Open(node);
    });

    [Theory]
    [InlineData("10.9.0.2", 0)]
    [InlineData("192.168.77.1", 0)]
    [InlineData("fd77::1", 0)]
    [InlineData("192.168.77.1", 200)]
    public async Task A_packet_for_any_of_the_devices_ends_the_wait(string to, int busyPollMicroseconds)
    {
        using QueueReadiness readiness = new(_tun, _underlay, TimeSpan.FromMicroseconds(busyPollMicroseconds));
        Task waiting = Task.Run(readiness.Wait);
        (await Task.WhenAny(waiting, Task.Delay(200))).ShouldNotBe(waiting, "there is nothing yet");

        SendToNode(to);
        await waiting.WaitAsync(_patience);
        readiness.IsInterrupted.ShouldBeFalse();
    }

    [Fact]
    public void A_wait_after_a_short_sleep_looks_for_the_next_packet_and_sleeps_when_none_comes()
    {
        // What is there already makes each sleep a short one.
        using QueueReadiness readiness = new(_tun, _underlay, TimeSpan.FromMilliseconds(1));
        PacketBatch batch = new(4);
        for (int packet = 0; packet < 3; packet++)
        {
            SendToNode();
            readiness.Wait();
            _underlay.TryReceive(batch).ShouldBeTrue();
        }

        using Timer later = new(_ => SendToNode(), null, 300, Timeout.Infinite);
        TimeSpan before = Processor();
        readiness.Wait();
        _underlay.TryReceive(batch).ShouldBeTrue();
        (Processor() - before).ShouldBeLessThan(TimeSpan.FromMilliseconds(200));

        // Of this thread alone: /proc/thread-self/schedstat begins with the nanoseconds it ran.
        static TimeSpan Processor() => TimeSpan.FromMicroseconds(
            long.Parse(System.IO.File.ReadAllText("/proc/thread-self/schedstat")
                .Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture) / 1000);
    }

    [Fact]
    public async Task An_interruption_ends_this_wait_and_every_later_one()
    {
        using QueueReadiness readiness = new(_tun, _underlay, TimeSpan.Zero);
        Task waiting = Task.Run(readiness.Wait);
        readiness.Interrupt();
        await waiting.WaitAsync(_patience);
        readiness.IsInterrupted.ShouldBeTrue();
        await Task.Run(readiness.Wait).WaitAsync(_patience);
    }

    private void SendToNode(string to = "192.168.77.1") => _rig.A.Invoke(() =>
    {
        using Socket socket = new(IPAddress.Parse(to).AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        _ = socket.SendTo(new byte[] { 1 }, new IPEndPoint(IPAddress.Parse(to), UdpRig.Port));
    });

    public void Dispose()
    {
        _tun.Dispose();
        _rig.Dispose();
    }
}
