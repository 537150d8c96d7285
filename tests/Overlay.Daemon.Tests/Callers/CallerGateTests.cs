using Overlay.Daemon.Callers;
using Overlay.Dataplane.Linux.Handover;
using Overlay.Testing;

namespace Overlay.Daemon.Tests.Callers;

public class CallerGateTests
{
    private const string Socket = "/run/overlay/overlayd.sock";

    private static readonly PeerCredential _stranger = new(4711, 12345);

    private readonly ManualTimeProvider _time = new();
    private readonly CollectingLogger<CallerGate> _log = new();

    [Fact]
    public void Root_and_the_own_user_are_let_in_and_others_are_not()
    {
        CallerGate gate = new(_time, _log);
        gate.Admits(new(1, 0), Socket).ShouldBeTrue();
        gate.Admits(_stranger, Socket).ShouldBeFalse();
        _log.Warnings.ShouldHaveSingleItem().ShouldBe(
            $"User 12345 (process 4711) is refused at {Socket}: root and the daemon's own user may ask; 0 more were "
            + "refused since the last such line");
    }

    [Fact]
    public void Refusals_cost_the_log_a_line_a_minute_that_counts_those_between()
    {
        CallerGate gate = new(_time, _log);
        for (int i = 0; i < 1000; i++) gate.Admits(_stranger, Socket).ShouldBeFalse();
        _log.Warnings.Count.ShouldBe(1);
        _time.Now += TimeSpan.FromMinutes(1);
        gate.Admits(_stranger, Socket).ShouldBeFalse();
        _log.Warnings.Count.ShouldBe(2);
        _log.Warnings[1].ShouldContain("999 more were refused");
    }
}
