using Microsoft.Extensions.Logging;
using Overlay.Daemon.Problems;
using Overlay.Testing;

namespace Overlay.Daemon.Tests;

public sealed class GuardedThreadTests
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(20);

    private readonly CollectingLogger<ProblemBoard> _logger = new();
    private readonly ProblemBoard _board;

    public GuardedThreadTests() => _board = new ProblemBoard(_logger);

    [Fact]
    public void A_fault_is_counted_shown_and_followed_by_the_next_round()
    {
        using AutoResetEvent next = new(false);
        using ManualResetEventSlim goneOn = new();
        int round = 0;
        using GuardedThread thread = new("guarded", "the part", _board.Guard, () =>
        {
            if (++round == 1) throw new InvalidOperationException("nobody foresaw it");
            _ = next.WaitOne();
            goneOn.Set();
            return round < 3;
        });
        thread.Start();
        SpinWait.SpinUntil(() => _board.Warnings.Count == 1, _limit).ShouldBeTrue();
        _board.Warnings[0].ShouldStartWith("the part has failed and begins anew (InvalidOperationException: nobody ");
        _board.Guard.Counts.ShouldBe([("the part", 1)]);
        _ = next.Set();
        goneOn.Wait(_limit).ShouldBeTrue();
        SpinWait.SpinUntil(() => _board.Warnings.Count == 0, _limit).ShouldBeTrue();
        _ = next.Set();
        thread.End();
        _board.Guard.Counts.ShouldBe([("the part", 1)]);
    }

    [Fact]
    public void The_same_fault_again_is_counted_and_not_logged()
    {
        for (int i = 0; i < 3; i++)
            _board.Guard.Try("the part", static () => throw new IOException("always")).ShouldBeFalse();
        _board.Guard.Counts.ShouldBe([("the part", 3)]);
        _logger.Of(LogLevel.Error).ShouldHaveSingleItem();
    }

    [Fact]
    public void The_end_does_not_wait_for_the_pause_after_a_fault_nor_for_a_start()
    {
        using (GuardedThread unstarted = new("guarded", "the part", _board.Guard, static () => true)) unstarted.End();
        using GuardedThread failing = new(
            "guarded", "the part", _board.Guard, static () => throw new InvalidOperationException("always"));
        failing.Start();
        SpinWait.SpinUntil(() => _board.Guard.Counts.Count == 1, _limit).ShouldBeTrue();
        failing.End();
        _board.Guard.Counts[0].Faults.ShouldBeLessThan(3);
    }
}
