using System.Globalization;
using Overlay.Host.Interop;

namespace Overlay.Host.Tests.Interop;

public sealed class ProcessNicenessTests
{
    [Fact]
    public void All_threads_step_back_and_get_their_niceness_back()
    {
        using ManualResetEventSlim end = new();
        Thread before = new(end.Wait);
        before.Start();
        Thread during = new(end.Wait);
        using (ProcessNiceness? niceness = ProcessNiceness.Lower())
        {
            _ = niceness.ShouldNotBeNull("the tests are root's, which may raise it again");
            during.Start();
            All().ShouldAllBe(static nice => nice == 10);
            ProcessNiceness.Lower().ShouldBeNull("it is low already");
        }

        All().ShouldAllBe(static nice => nice == 0);
        end.Set();
        before.Join();
        during.Join();
    }

    // The 19th field of proc(5)'s stat, counted behind the name in parentheses, which is the second.
    private static int[] All() =>
    [
        .. Directory.GetDirectories("/proc/self/task").Select(static task => File.ReadAllText($"{task}/stat"))
            .Select(static stat => int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[16], CultureInfo.InvariantCulture)),
    ];
}
