using Overlay.ControlPlane.Sources;
using Overlay.Testing;

namespace Overlay.ControlPlane.Tests;

public sealed class BackoffTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void Bounds_double_up_to_the_longest_and_begin_anew_after_a_reset()
    {
        Backoff backoff = new(_time, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4)) { LeastShare = 1 };
        Waits(backoff, 4).ShouldBe([1, 2, 4, 4]);
        backoff.Reset();
        Waits(backoff, 1).ShouldBe([1]);
    }

    [Fact]
    public void Waits_are_random_between_the_least_share_and_the_bound()
    {
        for (int i = 0; i < 100; i++)
            new Backoff(_time, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4))
                .Next().TotalSeconds.ShouldBeInRange(1, 2);
    }

    [Fact]
    public void A_failure_long_after_the_last_is_the_first_again()
    {
        Backoff backoff = new(_time, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(8))
        {
            LeastShare = 1,
            ForgetsAfter = TimeSpan.FromMinutes(2),
        };
        Waits(backoff, 3).ShouldBe([1, 2, 4]);
        _time.Now += TimeSpan.FromMinutes(2);
        Waits(backoff, 1).ShouldBe([8], "the bound of the last wait counts too");
        _time.Now += TimeSpan.FromMinutes(3);
        Waits(backoff, 1).ShouldBe([1]);
    }

    [Fact]
    public void A_wait_that_the_store_asks_for_comes_on_top() =>
        new Backoff(_time, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)) { LeastShare = 1 }.Next(
            TimeSpan.FromSeconds(30)).ShouldBe(TimeSpan.FromSeconds(31));

    private static double[] Waits(Backoff backoff, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => backoff.Next().TotalSeconds)];
}
