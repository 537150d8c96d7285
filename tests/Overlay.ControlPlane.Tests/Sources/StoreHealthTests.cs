using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources;
using Overlay.Testing;

namespace Overlay.ControlPlane.Tests;

public sealed class StoreHealthTests
{
    private readonly CollectingLogger<StoreHealth> _logger = new();
    private readonly ManualTimeProvider _time = new();
    private readonly StoreHealth _health;

    public StoreHealthTests() => _health = new(new StoreLocation("Kubernetes", "https://192.0.2.10"), _time, _logger);

    [Fact]
    public void Failing_requests_that_take_turns_are_logged_once_a_cause()
    {
        for (int i = 0; i < 5; i++)
        {
            _health.Failed("cannot be reached: Connection refused");
            _health.Failed("breaks off its answer");
            _health.Failed("answers 403 Forbidden", cause: "Forbidden");
        }

        _logger.Warnings.ShouldBe(
        [
            "Kubernetes https://192.0.2.10: cannot be reached: Connection refused. The leases read before stay in "
            + "force, and the request is repeated",
            "Kubernetes https://192.0.2.10: answers 403 Forbidden. The leases read before stay in force, and the "
            + "request is repeated",
        ]);
        _health.Problems["https://192.0.2.10"]
            .ShouldBe("answers 403 Forbidden", "the newest reason is the one in the status");
    }

    [Fact]
    public void A_cause_that_comes_back_after_an_answer_is_logged_again()
    {
        _health.Failed("cannot be reached");
        _health.Answered();
        _health.Answered();
        _health.Problems.ShouldBeEmpty();
        _health.Failed("cannot be reached");
        _logger.Warnings.Count.ShouldBe(2);
        _logger.Of(LogLevel.Information).ShouldBe(["Kubernetes https://192.0.2.10 answers again"]);
    }

    [Fact]
    public void A_store_that_was_never_there_is_connecting_and_one_that_was_is_disconnected()
    {
        _health.Failed("cannot be reached");
        _health.Status.ShouldBe(StoreStatus.Initial);
        _health.Synced("7");
        _health.Status.ShouldBe(new StoreStatus(StoreState.Connected, _time.GetUtcNow(), "7"));
        _health.Failed("cannot be reached");
        _health.Status.State.ShouldBe(StoreState.Disconnected);
        _health.Synced(null);
        _health.Status.Revision.ShouldBe("7");
    }

    [Fact]
    public void An_entry_is_logged_once_a_problem_until_it_is_sound()
    {
        _health.Say("/config", "is missing");
        _health.Say("/config", "is no JSON");
        _health.Say("/config", "is missing");
        _health.Problems.ShouldHaveSingleItem().Value.ShouldBe("is missing");
        _health.Settle("/config");
        _health.Settle("/config");
        _health.Problems.ShouldBeEmpty();
        _logger.Warnings.ShouldBe(["/config is missing", "/config is no JSON"]);
        _logger.Of(LogLevel.Information).ShouldBe(["/config is sound again"]);
    }
}
