using Overlay.Daemon.Problems;

namespace Overlay.Daemon.Checks;

/// <summary>The outcome of one check of the host.</summary>
/// <param name="Check">The check's name.</param>
/// <param name="Severity">Null where all is well.</param>
/// <param name="Text">The state that was found; where it is not well, why that matters and the command that mends it.</param>
internal sealed record CheckResult(string Check, ProblemSeverity? Severity, string Text)
{
    public static CheckResult Good(string check, string text) => new(check, null, text);

    public static CheckResult Warning(string check, string text) => new(check, ProblemSeverity.Warning, text);

    public static CheckResult Problem(string check, string text) => new(check, ProblemSeverity.Problem, text);
}
