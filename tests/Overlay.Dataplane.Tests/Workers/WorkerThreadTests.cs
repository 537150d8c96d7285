using Overlay.Dataplane.Workers;

namespace Overlay.Dataplane.Tests;

public class WorkerThreadTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    private readonly List<(IWorker Worker, Exception? Fault, Thread Thread)> _ends = [];

    [Fact]
    public void A_normal_end_is_told_once_without_a_fault()
    {
        ScriptedWorker worker = new(static () => { });
        RunToEnd(worker);
        _ends.ShouldHaveSingleItem().Worker.ShouldBeSameAs(worker);
        _ends[0].Fault.ShouldBeNull();
    }

    [Fact]
    public void A_fault_is_told_once_and_stays_on_its_thread()
    {
        IOException fault = new("the device is gone");
        ScriptedWorker worker = new(() => throw fault);
        RunToEnd(worker);
        _ends.ShouldHaveSingleItem().Worker.ShouldBeSameAs(worker);
        _ends[0].Fault.ShouldBeSameAs(fault);
    }

    [Fact]
    public void The_worker_runs_on_a_background_thread_of_its_own_and_of_its_name()
    {
        Thread? running = null;
        RunToEnd(new ScriptedWorker(() => running = Thread.CurrentThread));
        running.ShouldNotBeNull();
        running.ShouldNotBeSameAs(Thread.CurrentThread);
        running.Name.ShouldBe("egress-7");
        _ends[0].Thread.ShouldBeSameAs(running);
    }

    [Fact]
    public void Join_waits_for_the_end_and_says_whether_it_came()
    {
        using ManualResetEventSlim release = new();
        bool isBackground = false;
        WorkerThread thread = CreateThread(new ScriptedWorker(() =>
        {
            isBackground = Thread.CurrentThread.IsBackground;
            release.Wait();
        }));

        thread.Start();
        thread.Join(TimeSpan.FromMilliseconds(20)).ShouldBeFalse("the worker is still running");
        _ends.ShouldBeEmpty();

        release.Set();
        thread.Join(_patience).ShouldBeTrue();
        isBackground.ShouldBeTrue("a worker that hangs must not hold up the process's end");
        _ends.ShouldHaveSingleItem();
    }

    private void RunToEnd(IWorker worker)
    {
        WorkerThread thread = CreateThread(worker);
        thread.Start();
        thread.Join(_patience).ShouldBeTrue();
    }

    private WorkerThread CreateThread(IWorker worker) => new(worker, null, (who, fault) => _ends.Add((who, fault, Thread.CurrentThread)));

    private sealed class ScriptedWorker(Action script) : IWorker
    {
        public string Name => "egress-7";

        public void Run() => script();
    }
}
