using Overlay.Host.Interop;

namespace Overlay.Host.Tests;

public sealed class ThreadAffinityTests
{
    [Fact]
    public void A_pinned_thread_may_run_on_its_processor_alone() => OnThreadOfItsOwn(() =>
    {
        int last = ThreadAffinity.Allowed()[^1];
        ThreadAffinity.PinTo(last);
        ThreadAffinity.Allowed().ShouldBe([last]);
    });

    [Fact]
    public void A_processor_that_is_not_there_is_refused_by_number() => OnThreadOfItsOwn(() =>
        Should.Throw<LinuxException>(() => ThreadAffinity.PinTo(8191)).Message.ShouldContain("processor 8191"));

    // The mask stays with a thread, and one of the pool would take it to other tests.
    private static void OnThreadOfItsOwn(Action test)
    {
        Exception? failure = null;
        Thread thread = new(() => failure = Record.Exception(test));
        thread.Start();
        thread.Join();
        if (failure is not null) throw failure;
    }
}
