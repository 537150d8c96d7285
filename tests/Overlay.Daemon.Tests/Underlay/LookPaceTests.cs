using Overlay.Daemon.Underlay;

namespace Overlay.Daemon.Tests;

public sealed class LookPaceTests
{
    private readonly LookPace _pace = new(TimeSpan.FromSeconds(1));

    [Fact]
    public void Short_looks_follow_each_other_after_the_least_pause()
    {
        _pace.Pause.ShouldBe(TimeSpan.FromSeconds(1));
        foreach (int look in (int[])[10, 10, 10]) Add(look);
        _pace.Pause.ShouldBe(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void A_third_long_look_is_followed_by_a_pause_fifty_times_as_long()
    {
        foreach (int look in (int[])[300, 200]) Add(look);
        _pace.Pause.ShouldBe(TimeSpan.FromSeconds(1), "a first look compiles its code, and another may be slow by chance");
        Add(300);
        _pace.Pause.ShouldBe(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void No_pause_is_longer_than_the_longest()
    {
        LookPace pace = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));
        foreach (int look in (int[])[50, 50, 50]) pace.Add(TimeSpan.FromMilliseconds(look));
        pace.Pause.ShouldBe(TimeSpan.FromSeconds(2.5));
        foreach (int look in (int[])[400, 400, 400]) pace.Add(TimeSpan.FromMilliseconds(look));
        pace.Pause.ShouldBe(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void A_look_that_is_slow_by_chance_changes_nothing()
    {
        foreach (int look in (int[])[100, 5000, 100, 5000]) Add(look);
        _pace.Pause.ShouldBe(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void The_pause_follows_three_looks_of_another_length()
    {
        foreach (int look in (int[])[5000, 100, 100, 100]) Add(look);
        _pace.Pause.ShouldBe(TimeSpan.FromSeconds(5));
        foreach (int look in (int[])[400, 400, 400]) Add(look);
        _pace.Pause.ShouldBe(TimeSpan.FromSeconds(20));
    }

    private void Add(int milliseconds) => _pace.Add(TimeSpan.FromMilliseconds(milliseconds));
}
