using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Overlay.Bench.Micro;

/// <summary>
/// <c>bench/run.sh micro</c>: measures every benchmark of this folder and fails if one allocates more than it may.
/// </summary>
/// <remarks>
/// A public class here with a <c>[Benchmark]</c> method is found by itself; it needs an entry in
/// expected-allocations.json. Times are reported and never judged: a shared machine makes them anything.
/// </remarks>
internal static class MicroCommand
{
    /// <param name="args">
    /// <c>--quick</c>, and BenchmarkDotNet's own options; without <c>--filter</c> all are run.
    /// </param>
    /// <returns>0; 1 when something allocated more than it may, or could not be measured.</returns>
    public static int Run(string[] args)
    {
        bool isQuick = args.Contains("--quick");
        string[] options = [.. args.Where(static arg => arg != "--quick")];
        if (!options.Contains("--filter") && !options.Contains("-f")) options = [.. options, "--filter", "*"];

        Summary[] summaries =
            [.. BenchmarkSwitcher.FromAssembly(typeof(MicroCommand).Assembly).Run(options, MicroConfig.For(isQuick))];
        if (isQuick)
        {
            foreach (Summary summary in summaries) MarkdownExporter.Console.ExportToLog(summary, ConsoleLogger.Default);
        }

        AllocationGate gate = AllocationGate.Load(Path.Combine(AppContext.BaseDirectory, "expected-allocations.json"));
        int measured = summaries.Sum(static summary => summary.BenchmarksCases.Length);
        string[] violations = [.. summaries.SelectMany(gate.Check)];
        foreach (string violation in violations) Console.Error.WriteLine($"bench: {violation}");
        if (measured == 0) Console.Error.WriteLine("bench: nothing was measured");
        else if (violations.Length == 0)
            Console.WriteLine($"bench: {measured} benchmarks allocate no more than they may");
        return measured > 0 && violations.Length == 0 ? 0 : 1;
    }
}
