using Overlay.Daemon.Probes;

namespace Overlay.Daemon.Tests;

public class RttStatisticsTests
{
    [Theory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(2, 1, 1, 2)]
    [InlineData(3, 1, 2, 3)]
    [InlineData(100, 1, 50, 99)]
    [InlineData(160, 1, 80, 159)]
    [InlineData(1000, 1, 500, 990)]
    public void Each_value_is_one_that_was_measured(int count, int min, int median, int p99)
    {
        TimeSpan[] times = [.. Enumerable.Range(1, count).Select(static i => TimeSpan.FromMicroseconds(i))];
        Random.Shared.Shuffle(times);
        RttStatistics rtt = RttStatistics.Of(times)!;
        (rtt.Min.TotalMicroseconds, rtt.Median.TotalMicroseconds, rtt.P99.TotalMicroseconds).ShouldBe((min, median, p99));
        rtt.Times.Count.ShouldBe(count);
    }

    [Fact]
    public void Nothing_has_no_statistics() => RttStatistics.Of([]).ShouldBeNull();
}
