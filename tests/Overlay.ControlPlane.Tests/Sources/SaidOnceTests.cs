using Overlay.ControlPlane.Sources;

namespace Overlay.ControlPlane.Tests;

public class SaidOnceTests
{
    private readonly SaidOnce _said = new();

    [Fact]
    public void A_cause_is_said_once_until_the_problem_is_over()
    {
        _said.Begin("a text", "a cause").ShouldBeTrue();
        _said.Begin("another text", "a cause").ShouldBeFalse();
        _said.Problem.ShouldBe("another text");
        _said.End().ShouldBeTrue();
        _said.End().ShouldBeFalse();
        _said.Begin("a text", "a cause").ShouldBeTrue();
    }

    [Fact]
    public void Of_causes_without_end_the_newest_are_remembered()
    {
        for (int i = 0; i <= SaidOnce.MostCauses; i++) _said.Begin($"cause {i}").ShouldBeTrue();
        for (int i = 1; i <= SaidOnce.MostCauses; i++) _said.Begin($"cause {i}").ShouldBeFalse();
        _said.Begin("cause 0").ShouldBeTrue("it is long past");
    }
}
