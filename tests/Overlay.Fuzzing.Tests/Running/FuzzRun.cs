using System.Diagnostics;
using System.Globalization;
using Overlay.Testing;

namespace Overlay.Fuzzing.Tests;

/// <summary>A run of <c>tests/fuzz.sh</c>, and what it has cost by the figures that it leaves.</summary>
/// <param name="Output">Its last line: executions, ways, crashes, hangs; or why there are none.</param>
/// <param name="IsSound">Nothing crashed and nothing hung.</param>
/// <param name="Figures">Of the process that was fuzzed, in the order of the executions.</param>
internal sealed record FuzzRun(string Output, bool IsSound, IReadOnlyList<FuzzRun.Figure> Figures)
{
    // Minutes on a processor of its own; tests/run.sh waits for all targets together for two hours.
    private static readonly TimeSpan _limit = TimeSpan.FromHours(1);

    /// <summary>The first and the last figure, where there are two.</summary>
    public IReadOnlyList<Figure> Ends => Figures.Count > 1 ? [Figures[0], Figures[^1]] : Figures;

    /// <summary>Runs it to its end.</summary>
    public static FuzzRun Of(string target, int executions)
    {
        using Process fuzz = Process.Start(new ProcessStartInfo(
            Path.Combine(SourceTree.Root, "tests", "fuzz.sh"), ["--no-build", target, $"{executions}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> output = fuzz.StandardOutput.ReadToEndAsync();
        Task<string> errors = fuzz.StandardError.ReadToEndAsync();
        if (!fuzz.WaitForExit(_limit)) fuzz.Kill(entireProcessTree: true);
        string text = $"{output.GetAwaiter().GetResult()}{errors.GetAwaiter().GetResult()}".Trim();
        string figures = Path.Combine(SourceTree.Root, "artifacts", "fuzz", target, "figures");
        return new(
            text, fuzz.ExitCode == 0, File.Exists(figures) ? [.. File.ReadLines(figures).Select(Figure.Parse)] : []);
    }

    /// <summary>What the process holds after so many executions.</summary>
    internal sealed record Figure(long Executions, long Resident, long Heap, int Descriptors)
    {
        public static Figure Parse(string line)
        {
            long[] numbers =
                [.. line.Split(' ').Select(static number => long.Parse(number, CultureInfo.InvariantCulture))];
            return new(numbers[0], numbers[1], numbers[2], (int)numbers[3]);
        }

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"{Resident / 1e6:0.0} MB resident, {Heap / 1e6:0.0} MB managed, {Descriptors} descriptors ")
            + $"after {Executions}";
    }
}
