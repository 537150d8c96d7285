using Overlay.Daemon.Probes;

namespace Overlay.Daemon.Tests;

public class MtuSearchTests
{
    [Theory]
    [InlineData(1450, 3)]
    [InlineData(8950, 5)]
    [InlineData(1280, 1)]
    [InlineData(1281, 1)]
    [InlineData(576, 1)]
    public async Task Every_path_mtu_is_found_in_few_rounds(int device, int mostRounds)
    {
        for (int truth = Math.Min(MtuSearch.Smallest, device); truth <= device; truth++)
        {
            int rounds = 0;
            int? found = await MtuSearch.FindAsync(device, sizes =>
            {
                rounds++;
                sizes.ShouldBeInOrder(SortDirection.Ascending);
                sizes.Count.ShouldBeLessThanOrEqualTo(8);
                return Task.FromResult(sizes.Where(size => size <= truth).Select(static size => (int?)size).Max());
            });
            found.ShouldBe(truth);
            rounds.ShouldBeLessThanOrEqualTo(mostRounds);
        }
    }

    [Fact]
    public async Task A_path_that_takes_the_largest_is_asked_once()
    {
        int rounds = 0;
        int? found = await MtuSearch.FindAsync(1450, sizes => Task.FromResult<int?>(rounds++ == 0 ? sizes[^1] : null));
        (found, rounds).ShouldBe((1450, 1));
    }

    [Fact]
    public async Task A_path_that_takes_not_even_the_smallest_has_none() =>
        (await MtuSearch.FindAsync(1450, static _ => Task.FromResult<int?>(null))).ShouldBeNull();
}
