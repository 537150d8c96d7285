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
        _history.Rate(Direction.Egress).ShouldBe((0, 0));
        Add(Direction.Egress, 100, 50);
        _time.Now += TimeSpan.FromSeconds(2);
        _history.Rate(Direction.Egress).ShouldBe((25, 25 * 100 * 8));
        _history.Rate(Direction.Ingress).ShouldBe((0, 0));

        // A minute later nothing flows.
        Pass(12);
        _time.Now += TimeSpan.FromSeconds(1);
        _history.Rate(Direction.Egress).ShouldBe((0, 0));
    }

    [Fact]
    public void Drops_are_forgotten_after_a_minute()
    {
        int reason = DropReasons.All.ToList().IndexOf((Direction.Ingress, DropReason.UnknownVtep));
        Add(Direction.Ingress, 100, 3, DropReason.UnknownVtep);
        _history.RecentDrops()[reason].ShouldBe(3);
        _history.RecentDrops().Sum().ShouldBe(3);
        Pass(11);
        _history.RecentDrops()[reason].ShouldBe(3);
        Pass(2);
        _history.RecentDrops()[reason].ShouldBe(0);
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
