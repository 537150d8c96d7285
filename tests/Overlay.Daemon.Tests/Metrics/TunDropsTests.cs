using Overlay.Daemon.Metrics;

namespace Overlay.Daemon.Tests;

public class TunDropsTests
{
    [Fact]
    public void The_sum_goes_on_where_the_device_is_made_anew_and_where_it_is_gone()
    {
        TunDrops drops = new();
        object first = new();
        drops.Read(null, null).ShouldBe(0);
        drops.Read(first, 5).ShouldBe(5);
        drops.Read(first, 7).ShouldBe(7);
        drops.Read(first, null).ShouldBe(7);

        // The second count is more than the last of the first device, and another device's all the same.
        object second = new();
        drops.Read(second, 9).ShouldBe(16);
        drops.Read(second, 9).ShouldBe(16);
        drops.Read(second, 1).ShouldBe(16);
        drops.Read(null, null).ShouldBe(16);
    }
}
