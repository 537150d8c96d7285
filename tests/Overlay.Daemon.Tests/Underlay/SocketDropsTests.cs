using Overlay.Daemon.Underlay;

namespace Overlay.Daemon.Tests;

public class SocketDropsTests
{
    [Fact]
    public void The_sum_goes_on_where_sockets_are_replaced_and_where_a_count_wraps_around()
    {
        SocketDrops drops = new();
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
}
