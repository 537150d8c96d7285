using Overlay.Fuzzing.Targets;

namespace Overlay.Fuzzing.Running;

/// <summary>Inputs in files: one each, named as people like.</summary>
internal static class CorpusFiles
{
    /// <summary>Writes seeds, each under its name.</summary>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public static void Write(IEnumerable<Seed> seeds, string directory)
    {
        _ = Directory.CreateDirectory(directory);
        foreach (Seed seed in seeds) File.WriteAllBytes(Path.Combine(directory, seed.Name), seed.Input);
    }

    /// <summary>Reads files, and all files of directories, in the order of their names.</summary>
    /// <exception cref="IOException">One is not there, or cannot be read.</exception>
    public static IReadOnlyList<Seed> Read(params IEnumerable<string> paths) =>
    [
        .. paths.SelectMany<string, string>(static path => Directory.Exists(path)
                ? Directory.EnumerateFiles(path).Order(StringComparer.Ordinal)
                : [path])
            .Select(static file => new Seed(Path.GetFileName(file), File.ReadAllBytes(file))),
    ];
}
