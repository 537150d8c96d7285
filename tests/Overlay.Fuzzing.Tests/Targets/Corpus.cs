using Overlay.Fuzzing.Running;
using Overlay.Fuzzing.Targets;

namespace Overlay.Fuzzing.Tests;

/// <summary>The inputs that are kept: seeds, ways that fuzzing has found, and all that ever failed.</summary>
internal static class Corpus
{
    /// <summary>The corpus of a target, in the order of the files' names.</summary>
    public static IReadOnlyList<Seed> Of(string target) =>
        CorpusFiles.Read(Path.Combine(AppContext.BaseDirectory, "Corpus", target));
}
