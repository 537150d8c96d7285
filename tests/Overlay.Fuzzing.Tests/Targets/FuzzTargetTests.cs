using Overlay.Fuzzing.Targets;
using Overlay.Testing;
using Xunit.Abstractions;

namespace Overlay.Fuzzing.Tests;

/// <summary>
/// The short form of fuzzing, in this process: the whole corpus, then mutations of it, the same in every run.
/// </summary>
public sealed class FuzzTargetTests(ITestOutputHelper output)
{
    private const int WarmUp = 500;

    // A cache that fills, or code that is compiled anew; a leak of a few bytes an execution is more.
    private const long MostGrowth = 4 * 1024 * 1024;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);

    public static TheoryData<string> Names => [.. FuzzTargets.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_seed_is_a_file_of_the_corpus(string name)
    {
        IFuzzTarget target = FuzzTargets.Make(name);
        using (target as IDisposable)
        {
            Dictionary<string, byte[]> corpus =
                Corpus.Of(name).ToDictionary(static seed => seed.Name, static seed => seed.Input);
            foreach (Seed seed in target.Seeds) corpus[seed.Name].ShouldBe(seed.Input, seed.Name);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_input_of_the_corpus_is_survived(string name)
    {
        IFuzzTarget target = FuzzTargets.Make(name);
        using (target as IDisposable)
        {
            IReadOnlyList<Seed> corpus = Corpus.Of(name);
            corpus.ShouldNotBeEmpty();
            Run(target, corpus);
            Usage before = Usage.Now();
            Run(target, corpus);
            CheckDescriptors(before);
            output.WriteLine($"{name}: {2 * corpus.Count} executions of {corpus.Count} inputs");
        }
    }

    [Theory]
    [InlineData("ingress", 25_000)]
    [InlineData("egress", 25_000)]
    [InlineData("lease", 3_000)]
    [InlineData("cni", 8_000)]
    [InlineData("admin", 2_000)]
    public void Mutations_are_survived_and_leave_nothing_behind(string name, int executions)
    {
        IFuzzTarget target = FuzzTargets.Make(name);
        using (target as IDisposable)
        {
            CorpusMutator mutator = new(seed: 1, Corpus.Of(name));
            Run(target, mutator, WarmUp);
            Usage before = Usage.Now();
            Run(target, mutator, executions);
            Usage after = Usage.Now();
            output.WriteLine($"{name}: {executions} executions, {before} then, {after} now");
            CheckDescriptors(before);
            (after.Heap - before.Heap).ShouldBeLessThan(MostGrowth);
        }
    }

    // The runtime opens a file of /proc for a moment now and then.
    private static void CheckDescriptors(Usage before) =>
        SpinWait.SpinUntil(() => Usage.Now().Descriptors <= before.Descriptors, _patience)
            .ShouldBeTrue($"{Usage.Now()} are left of {before}");

    private static void Run(IFuzzTarget target, IReadOnlyList<Seed> corpus)
    {
        foreach (Seed seed in corpus) Round.Check(() => seed.Name, () => target.Execute(seed.Input));
    }

    private static void Run(IFuzzTarget target, CorpusMutator mutator, int executions)
    {
        for (int i = 0; i < executions; i++)
        {
            byte[] input = mutator.Next();
            Round.Check(
                () => $"execution {i}, {Convert.ToHexStringLower(input)}", () => target.Execute(input));
        }
    }
}
