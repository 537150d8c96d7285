using Overlay.Bench.Rig.Figures;
using Overlay.Bench.Rig.Workloads;

namespace Overlay.Bench.Tests.Rig;

public class ConvergenceTests
{
    [Fact]
    public void The_figures_are_the_middle_one_and_the_worst_one_with_the_cpu_time_of_a_change()
    {
        IReadOnlyList<Measurement> figures = new Convergence("converge").Measurements([3, 1, 20, 2], cpuSeconds: 0.4);
        figures.Select(figure => figure.Metric.Unit).ShouldBe(["ms p50", "ms worst"]);
        figures.Select(figure => figure.Value).ShouldBe([2.5, 20]);
        figures.ShouldAllBe(
            figure => figure.Cpu == 100 && figure.Metric.Workload == "converge" && figure.Metric.LowerIsBetter);
        figures[0].Note.ShouldBe("4 changes");
    }
}
