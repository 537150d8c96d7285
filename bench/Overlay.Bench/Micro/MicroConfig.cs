using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Order;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace Overlay.Bench.Micro;

/// <summary>How micro-benchmarks are run.</summary>
internal static class MicroConfig
{
    /// <param name="isQuick">
    /// About a minute for all of them: enough for allocations, not for times to be compared.
    /// </param>
    public static IConfig For(bool isQuick)
    {
        // In this process: BenchmarkDotNet's usual project of its own, generated and built per run, knows neither
        // net10.0 nor the repository's central package versions, and takes a minute to build.
        Job job = Job.Default
            .WithToolchain(InProcessEmitToolchain.Instance)
            .WithIterationTime(TimeInterval.FromMilliseconds(isQuick ? 50 : 200))
            .WithWarmupCount(isQuick ? 4 : 8)
            .WithIterationCount(isQuick ? 3 : 15)
            .WithId(isQuick ? "quick" : "full");

        return ManualConfig.CreateEmpty()
            .AddJob(job)
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .HideColumns(Column.Error, Column.Gen0, Column.Gen1, Column.Gen2, Column.Job)
            .AddLogger(isQuick ? NullLogger.Instance : ConsoleLogger.Unicode)
            .AddExporter(MarkdownExporter.GitHub)
            .WithOrderer(new DefaultOrderer(SummaryOrderPolicy.Declared))
            .WithOptions(ConfigOptions.JoinSummary)
            .WithArtifactsPath(Path.Combine(AppContext.BaseDirectory, "micro"));
    }
}
