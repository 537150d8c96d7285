using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Ports;
using Overlay.Dataplane.Workers;

namespace Overlay.Dataplane.Tests;

public class WorkerThreadTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    private readonly List<(QueueWorker Worker, Exception? Fault, Thread Thread)> _ends = [];

    [Fact]
    public void A_normal_end_is_told_once_without_a_fault()
    {
        QueueWorker worker = Scripted(static () => { });
        RunToEnd(worker);
        _ends.ShouldHaveSingleItem().Worker.ShouldBeSameAs(worker);
        _ends[0].Fault.ShouldBeNull();
    }

    [Fact]
    public void A_fault_is_told_once_and_stays_on_its_thread()
    {
        IOException fault = new("the device is gone");
        QueueWorker worker = Scripted(() => throw fault);
        RunToEnd(worker);
        _ends.ShouldHaveSingleItem().Worker.ShouldBeSameAs(worker);
        _ends[0].Fault.ShouldBeSameAs(fault);
    }

    [Fact]
    public void The_worker_runs_on_a_background_thread_of_its_own_and_of_its_name()
    {
        Thread? running = null;
        RunToEnd(Scripted(() => running = Thread.CurrentThread));
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
        WorkerThread thread = CreateThread(Scripted(() =>
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

    private void RunToEnd(QueueWorker worker)
    {
        WorkerThread thread = CreateThread(worker);
        thread.Start();
        thread.Join(_patience).ShouldBeTrue();
    }

    private WorkerThread CreateThread(QueueWorker worker) =>
        new(worker, null, (who, fault) => _ends.Add((who, fault, Thread.CurrentThread)));

    // Interrupted from the start, a worker looks into its devices once and ends.
    private static QueueWorker Scripted(Action script)
    {
        ScriptedDevices devices = new(script);
        return new("egress-7", devices, devices, devices, new TablePublisher(), QueueCounters.For("7"));
    }

    /// <summary>Runs the script when it is read from, and has no packet.</summary>
    private sealed class ScriptedDevices(Action script) : ITunDevice, IUnderlay, IReadiness
    {
        public bool TakesTcpSuperPackets => false;

        public bool TakesUdpSuperPackets => false;

        public bool IsInterrupted => true;

        public bool TryRead(PacketBatch batch)
        {
            script();
            return false;
        }

        public bool TryReceive(PacketBatch batch) => false;

        public void Write(PacketBatch batch) => throw new NotSupportedException("nothing comes in");

        public void Send(PacketBatch batch) => throw new NotSupportedException("nothing goes out");

        public void Wait() => throw new NotSupportedException("it is interrupted");

        public void Interrupt() => throw new NotSupportedException("it is interrupted");
    }
}
