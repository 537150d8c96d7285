using Microsoft.Extensions.Logging.Abstractions;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Problems;
using Overlay.Host.Interop;

namespace Overlay.Daemon.Tests;

public sealed class WorkerPinningTests
{
    [Fact]
    public void Workers_are_kept_on_processors_that_the_process_may_use()
    {
        ProblemBoard problems = new(NullLogger<ProblemBoard>.Instance);
        WorkerPinning pinning = new(problems);
        IReadOnlyList<int> after = [];
        int last = -1;
        Thread thread = new(() =>
        {
            // As in a cpuset without processor 0.
            last = ThreadAffinity.Allowed()[^1];
            ThreadAffinity.PinTo(last);
            pinning.Pin("overlay-0", 0);
            pinning.Pin("overlay-1", 1);
            after = ThreadAffinity.Allowed();
        });
        thread.Start();
        thread.Join();
        after.ShouldBe([last]);
        problems.Warnings.ShouldBeEmpty();
    }
}
