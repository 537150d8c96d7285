using System.Diagnostics;
using Overlay.Host.Programs;

namespace Overlay.Host.Tests.Programs;

public class ProgramRunDescriptorTests
{
    private const int Runs = 100;

    [Fact]
    public void A_run_closes_its_pipes_and_leaves_none_to_the_collector()
    {
        int before = Pipes();
        for (int i = 0; i < Runs; i++) _ = ProgramRun.Of(new ProcessStartInfo("true"), "", TimeSpan.FromSeconds(10));

        // Other tests of this process have pipes too.
        Pipes().ShouldBeLessThan(before + (Runs / 2));
    }

    private static int Pipes() => Directory.GetFiles("/proc/self/fd").Count(static file =>
        new FileInfo(file).LinkTarget?.StartsWith("pipe:", StringComparison.Ordinal) == true);
}
