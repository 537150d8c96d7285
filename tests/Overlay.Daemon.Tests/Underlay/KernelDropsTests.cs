using Overlay.Daemon.Underlay;

namespace Overlay.Daemon.Tests;

public class KernelDropsTests
{
    [Fact]
    public void The_sum_goes_on_where_sockets_are_replaced_and_where_a_count_wraps_around()
    {
        KernelDrops drops = new();
        uint[] counts = [3, 0];
        drops.Read().ShouldBe(0);
        drops.Begin(() => [.. counts]);
        drops.Read().ShouldBe(3);
        counts = [uint.MaxValue, 2];
        drops.Read().ShouldBe(uint.MaxValue + 2L);
        counts = [1, 2];
        drops.Read().ShouldBe(uint.MaxValue + 4L);

        // The last count of sockets that are about to be closed, which nobody has asked for yet.
        counts = [1, 5];
        drops.End();
        drops.Read().ShouldBe(uint.MaxValue + 7L);
        drops.Begin(static () => [4]);
        drops.Read().ShouldBe(uint.MaxValue + 11L);
    }

    [Fact]
    public void A_count_that_is_not_known_for_a_while_is_no_new_one()
    {
        KernelDrops drops = new();
        uint[] counts = [5];
        drops.Begin(() => counts);
        drops.Read().ShouldBe(5);
        counts = [];
        drops.Read().ShouldBe(5);
        counts = [7];
        drops.Read().ShouldBe(7);
        counts = [];
        drops.End();
        drops.Read().ShouldBe(7);

        // Another device counts from zero: its count may be more than the last of the one before, or less.
        drops.Begin(static () => [9]);
        drops.Read().ShouldBe(16);
        drops.Begin(static () => [1]);
        drops.Read().ShouldBe(17);
    }
}
