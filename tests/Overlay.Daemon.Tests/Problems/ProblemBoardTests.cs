using Microsoft.Extensions.Logging;
using Overlay.Daemon.Problems;
using Overlay.Testing;

namespace Overlay.Daemon.Tests;

public sealed class ProblemBoardTests
{
    private readonly CollectingLogger<ProblemBoard> _logger = new();
    private readonly ProblemBoard _board;

    public ProblemBoardTests() => _board = new ProblemBoard(_logger);

    [Fact]
    public void A_report_replaces_what_its_key_has_reported_and_leaves_other_keys_alone()
    {
        _board.Report("device", ProblemSeverity.Problem, "down", "no route");
        _board.Report("underlay", ProblemSeverity.Problem, "no address");
        _board.Report("device", ProblemSeverity.Problem, "no route");
        _board.Problems.ShouldBe(["no route", "no address"]);
    }

    [Fact]
    public void An_empty_report_clears_the_key()
    {
        _board.Report("device", ProblemSeverity.Problem, "down");
        _board.Report("device", ProblemSeverity.Problem);
        _board.Problems.ShouldBeEmpty();
    }

    [Fact]
    public void A_warning_is_no_problem_and_a_key_may_change_its_severity()
    {
        _board.Report("filter", ProblemSeverity.Warning, "strict");
        _board.Problems.ShouldBeEmpty();
        _board.Warnings.ShouldBe(["strict"]);
        _board.Report("filter", ProblemSeverity.Problem, "strict");
        _board.Problems.ShouldBe(["strict"]);
        _board.Warnings.ShouldBeEmpty();
    }

    [Fact]
    public void A_text_that_two_keys_report_is_shown_once()
    {
        _board.Report("direct routes", ProblemSeverity.Warning, "strict");
        _board.Report("underlay", ProblemSeverity.Warning, "strict");
        _board.Warnings.ShouldBe(["strict"]);
    }

    [Fact]
    public void A_text_is_logged_when_it_comes_and_again_only_after_it_was_gone()
    {
        _board.Report("device", ProblemSeverity.Problem, "down");
        _board.Report("device", ProblemSeverity.Problem, "down", "no route");
        _logger.Of(LogLevel.Error).ShouldBe(["down", "no route"]);
        _board.Report("device", ProblemSeverity.Problem);
        _board.Report("device", ProblemSeverity.Problem, "down");
        _logger.Of(LogLevel.Error).ShouldBe(["down", "no route", "down"]);
        _board.Report("filter", ProblemSeverity.Warning, "strict");
        _logger.Warnings.ShouldBe(["strict"]);
    }
}
