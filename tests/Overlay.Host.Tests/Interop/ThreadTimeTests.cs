using Overlay.Host.Interop;

namespace Overlay.Host.Tests;

public sealed class ThreadTimeTests
{
    [Fact]
    public void Work_adds_to_a_threads_time_and_waiting_does_not()
    {
        TimeSpan began = ThreadTime.Used();
        Thread.Sleep(300);
        TimeSpan waited = ThreadTime.Used() - began;
        waited.ShouldBeInRange(TimeSpan.Zero, TimeSpan.FromMilliseconds(100));

        // The thread's own time ends the loop: on a busy host it takes longer, and not less.
        while (ThreadTime.Used() - began < waited + TimeSpan.FromMilliseconds(20)) Thread.SpinWait(100);
        (ThreadTime.Used() - began).ShouldBeGreaterThan(waited);
    }
}
