using Overlay.Daemon.Options;
using Overlay.Daemon.Problems;

namespace Overlay.Daemon.Checks;

/// <summary><c>overlayd check</c>: looks at the host as a start would, and changes nothing.</summary>
internal static class CheckCommand
{
    /// <summary>Exit code where nothing is worse than a warning.</summary>
    public const int WarningsOnly = 4;

    /// <summary>Prints every check.</summary>
    /// <param name="options">The configuration.</param>
    /// <param name="isRunning">A daemon of this configuration runs.</param>
    /// <param name="output">Gets a line for each check.</param>
    /// <returns>0 where all is well, 4 with warnings, 1 with problems.</returns>
    public static int Run(OverlayOptions options, bool isRunning, TextWriter output)
    {
        IReadOnlyList<CheckResult> results = HostChecks.Run(options, isRunning);
        int width = results.Max(static result => result.Check.Length);
        foreach (CheckResult result in results)
            output.WriteLine($"{Sign(result.Severity)} {result.Check.PadRight(width)}  {result.Text}");
        return results.Any(static result => result.Severity == ProblemSeverity.Problem) ? 1
            : results.Any(static result => result.Severity == ProblemSeverity.Warning) ? WarningsOnly
            : 0;
    }

    private static string Sign(ProblemSeverity? severity) => severity switch
    {
        ProblemSeverity.Problem => "PROBLEM",
        ProblemSeverity.Warning => "warning",
        _ => "ok     ",
    };
}
