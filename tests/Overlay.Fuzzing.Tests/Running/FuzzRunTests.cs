using Overlay.Testing;

namespace Overlay.Fuzzing.Tests;

/// <summary>
/// The long form: AFL++ looks for inputs by the branches that they take, more than ten million in all.
/// </summary>
public sealed class FuzzRunTests
{
    private const long MostGrowth = 4 * 1024 * 1024;

    // Code that is compiled anew as it gets hot is in it.
    private const long MostResidentGrowth = 64 * 1024 * 1024;

    [LongTheory]
    [InlineData("ingress", 5_000_000)]
    [InlineData("egress", 4_000_000)]
    [InlineData("lease", 1_000_000)]
    [InlineData("cni", 1_000_000)]
    [InlineData("admin", 300_000)]
    public void No_input_that_is_found_crashes_hangs_or_grows(string target, int executions)
    {
        FuzzRun run = FuzzRun.Of(target, executions);
        LongRun.Note($"{run.Output}; {string.Join(", then ", run.Ends)}", "fuzz.txt");
        run.IsSound.ShouldBeTrue(run.Output);
        run.Ends.Count.ShouldBe(2, run.Output);
        (FuzzRun.Figure first, FuzzRun.Figure last) = (run.Ends[0], run.Ends[1]);

        // The runtime opens a file of /proc for a moment now and then.
        run.Figures.TakeLast(3).Min(static figure => figure.Descriptors).ShouldBeLessThanOrEqualTo(first.Descriptors);
        (last.Heap - first.Heap).ShouldBeLessThan(MostGrowth);
        (last.Resident - first.Resident).ShouldBeLessThan(MostResidentGrowth);
    }
}
