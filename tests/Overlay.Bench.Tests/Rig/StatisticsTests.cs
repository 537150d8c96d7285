using Overlay.Bench.Rig.Figures;
using Overlay.Bench.Rig.Options;
using Overlay.Bench.Rig.Peers;
using Overlay.Bench.Rig.Report;

namespace Overlay.Bench.Tests.Rig;

public class StatisticsTests
{
    [Theory]
    [InlineData(new[] { 3.0 }, 3)]
    [InlineData(new[] { 9.0, 1.0, 5.0 }, 5)]
    [InlineData(new[] { 9.0, 1.0, 5.0, 6.0 }, 5.5)]
    public void The_median_is_the_middle(double[] values, double expected) =>
        Statistics.Median(values).ShouldBe(expected);

    [Fact]
    public void A_quantile_is_a_value_that_occurred()
    {
        long[] sorted = [.. Enumerable.Range(1, 200).Select(value => (long)value)];
        Statistics.Quantile(sorted, 0.5).ShouldBe(100);
        Statistics.Quantile(sorted, 0.99).ShouldBe(198);
        Statistics.Quantile(sorted, 1).ShouldBe(200);
        Statistics.Quantile([7], 0.5).ShouldBe(7);
    }

    [Fact]
    public void Figures_are_rounded_to_five_digits()
    {
        Statistics.Rounded(112_701.49).ShouldBe(112_700);
        Statistics.Rounded(0.0123456).ShouldBe(0.012346);
    }

    [Fact]
    public void Ratios_are_paired_by_run()
    {
        ResultSeries own = new(Samples.Bulk, RigOptions.NoWire, "overlay");
        ResultSeries reference = new(Samples.Bulk, RigOptions.NoWire, PeerCatalog.Reference);

        // The machine was slow in run 3, for both; run 2 of the reference failed.
        foreach ((int run, double value) in new[] { (1, 5.0), (2, 100.0), (3, 1.0), (4, 6.0) })
            own.Add(new(run, value, 1));
        foreach ((int run, double value) in new[] { (1, 10.0), (3, 2.0), (4, 10.0) }) reference.Add(new(run, value, 1));

        own.RatioTo(reference).ShouldBe(0.5);
        reference.RatioTo(reference).ShouldBe(1);
        own.RatioTo(null).ShouldBeNull();
    }
}
