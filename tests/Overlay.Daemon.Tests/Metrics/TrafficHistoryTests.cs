using Overlay.Daemon.Metrics;
using Overlay.Daemon.Networks;
using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Packets;
using Overlay.Testing;

namespace Overlay.Daemon.Tests;

public sealed class TrafficHistoryTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly NetworkCounters _counters = new(1);
    private readonly TrafficHistory _history;

    public TrafficHistoryTests() => _history = new TrafficHistory(_counters, _time);

    [Fact]
    public void A_rate_is_that_of_the_last_seconds()
    {
        _history.Read().Egress.ShouldBe(default);
        Add(Direction.Egress, 100, 50);
        _time.Now += TimeSpan.FromSeconds(2);
        _history.Read().Egress.ShouldBe(new TrafficRate(25, 25 * 100 * 8));
        _history.Read().Ingress.ShouldBe(default);

        // A minute later nothing flows.
        Pass(12);
        _time.Now += TimeSpan.FromSeconds(1);
        _history.Read().Egress.ShouldBe(default);
    }

    [Fact]
    public void Drops_are_forgotten_after_a_minute()
    {
        DropCount drops = new(Direction.Ingress, nameof(DropReason.UnknownVtep), 3);
        Add(Direction.Ingress, 100, 3, DropReason.UnknownVtep);
        _history.Read().RecentDrops.ShouldBe([drops]);
        Pass(11);
        _history.Read().RecentDrops.ShouldBe([drops]);
        Pass(2);
        _history.Read().RecentDrops.ShouldBeEmpty();
    }

    [Fact]
    public void Drops_of_the_kernel_count_with_the_others()
    {
        uint drops = 0;
        _counters.Sockets.Begin(() => [drops]);
        _counters.Tun.Begin(() => [drops]);
        _history.Sample();
        drops = 5;
        _history.Read().RecentDrops.ShouldBe(
            [new DropCount(Direction.Ingress, "SocketRcvbuff", 5), new DropCount(Direction.Egress, "TunFull", 5)]);
    }

    public void Dispose() => _history.Dispose();

    private void Pass(int intervals)
    {
        for (int i = 0; i < intervals; i++)
        {
            _time.Now += TrafficHistory.Interval;
            _history.Sample();
        }
    }

    private void Add(Direction direction, int bytes, int packets, DropReason verdict = DropReason.None)
    {
        PacketBatch batch = new(1);
        for (int i = 0; i < packets; i++) batch.Add(0, bytes).Verdict = verdict;
        (direction == Direction.Egress ? _counters[0].Egress : _counters[0].Ingress).Add(batch, 0);
    }
}
