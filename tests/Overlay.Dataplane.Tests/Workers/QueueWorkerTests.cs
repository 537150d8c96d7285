using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Ports;
using Overlay.Dataplane.Workers;
using Overlay.Wire.Values;
using static Overlay.Dataplane.Tests.TestNode;

namespace Overlay.Dataplane.Tests;

/// <summary>The loop over both directions: when it waits, and how it ends.</summary>
public class QueueWorkerTests
{
    private readonly MemoryTun _tun = new();
    private readonly MemoryUnderlay _ours = new(null, A.Remote.Address);
    private readonly MemoryUnderlay _theirs = new(null, B.Remote.Address);
    private readonly TablePublisher _publisher = new();
    private readonly QueueCounters _counters = QueueCounters.For("0");

    public QueueWorkerTests()
    {
        MemoryUnderlay.Join(_ours, _theirs);
        _publisher.Publish(A.TableWith(B), TableChange.None);
    }

    [Fact]
    public void What_is_queued_when_it_is_interrupted_goes_through()
    {
        for (int i = 0; i < 200; i++) _tun.PodSends(PacketBuilder.Between(A, B, IpFamily.IPv4).Build());
        ScriptedReadiness readiness = new();
        readiness.Interrupt();
        Worker(_tun, readiness).Run();
        _counters.Egress.ForwardedPackets.ShouldBe(200);
        readiness.Waits.ShouldBe(0);
    }

    [Fact]
    public void It_waits_only_when_neither_device_has_anything()
    {
        ScriptedReadiness readiness = new();
        readiness.OnWait = () =>
        {
            // The second time there is still nothing, and then the end.
            if (readiness.Waits == 1) _tun.PodSends(PacketBuilder.Between(A, B, IpFamily.IPv4).Build());
            else readiness.Interrupt();
        };
        Worker(_tun, readiness).Run();
        _counters.Egress.ForwardedPackets.ShouldBe(1);
        readiness.Waits.ShouldBe(2);
    }

    [Fact]
    public void A_device_that_never_runs_dry_cannot_hold_up_the_end()
    {
        ScriptedReadiness readiness = new();
        readiness.Interrupt();
        Worker(new EndlessTun(), readiness).Run();
        _counters.Egress.ForwardedPackets.ShouldBeInRange(1, 100);
    }

    private QueueWorker Worker(ITunDevice tun, IReadiness readiness) =>
        new("overlay-0", tun, _ours, readiness, _publisher, _counters);

    private sealed class ScriptedReadiness : IReadiness
    {
        public bool IsInterrupted { get; private set; }

        public int Waits { get; private set; }

        public Action? OnWait { get; set; }

        public void Wait()
        {
            Waits++;
            OnWait?.Invoke();
        }

        public void Interrupt() => IsInterrupted = true;
    }

    private sealed class EndlessTun : ITunDevice
    {
        public bool TakesTcpSuperPackets => false;

        public bool TakesUdpSuperPackets => false;

        private readonly byte[] _packet = PacketBuilder.Between(A, B, IpFamily.IPv4).Build();

        public bool TryRead(PacketBatch batch)
        {
            batch.Clear();
            batch.PutPacket(_packet);
            return true;
        }

        public void Write(PacketBatch batch) => throw new NotSupportedException("nothing comes in");
    }
}
