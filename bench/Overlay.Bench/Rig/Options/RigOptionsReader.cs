using System.Globalization;
using Overlay.Bench.Rig.Peers;
using Overlay.Bench.Rig.Workloads;

namespace Overlay.Bench.Rig.Options;

/// <summary>The rig's command line. The first thing wrong throws, with the value and an example that works.</summary>
internal static class RigOptionsReader
{
    private const string Example = "bench/run.sh rig --peers overlay,kernel-vxlan --workloads tcp-1 --runs 5";

    /// <exception cref="UsageException">An option is unknown or has a bad value.</exception>
    public static RigOptions Read(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        // Without names: what goes with the rest.
        RigOptions options = new() { Peers = [], Workloads = [] };
        HashSet<string> seen = [];
        for (int i = 0; i < arguments.Count; i++)
        {
            string option = arguments[i];
            if (!seen.Add(option)) throw new UsageException($"{option} is given twice; e.g. {Example}");
            if (option == "--beside-load")
            {
                options = options with { BesideLoad = true };
                continue;
            }

            string? value = i + 1 < arguments.Count ? arguments[++i] : null;
            options = option switch
            {
                "--peers" => options with { Peers = Names(option, value, PeerCatalog.Names) },
                "--workloads" => options with { Workloads = Names(option, value, WorkloadCatalog.Names) },
                "--columns" => options with { Columns = Names(option, value, RigOptions.AllColumns) },
                "--runs" => options with { Runs = Number(option, value, 1, 1000, 5) },
                "--seconds" => options with { Seconds = Number(option, value, 1, 600, 3) },
                "--json" => options with { JsonFile = NewFile(option, value, "results.json") },
                "--svg" => options with { SvgFile = NewFile(option, value, "rig.svg") },
                _ => throw new UsageException($"unknown option {option}; e.g. {Example}"),
            };
        }

        options = Pairing.Complete(options, environment);
        PeerCatalog.Check(options.Peers, environment);
        return options;
    }

    // In the order asked for: that is also the order of the first run and of the table.
    private static List<string> Names(string option, string? value, IReadOnlyCollection<string> known)
    {
        string example = $"known are {string.Join(", ", known)}; e.g. {option} {string.Join(',', known.Take(2))}";
        List<string> names = [.. Required(option, value, example).Split(',', StringSplitOptions.TrimEntries)];
        foreach (string name in names)
        {
            if (!known.Contains(name))
                throw new UsageException($"{option} {value}: no such name \"{name}\"; {example}");
        }

        return names.Distinct().Count() == names.Count
            ? names
            : throw new UsageException($"{option} {value}: a name is there twice; {example}");
    }

    private static int Number(string option, string? value, int least, int most, int example)
    {
        string allowed = $"must be a whole number from {least} to {most}, e.g. {option} {example}";
        string text = Required(option, value, allowed);
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && number >= least && number <= most
                ? number
                : throw new UsageException($"{option} {text}: {allowed}");
    }

    // Asked before anything runs: a result that cannot be written after twenty minutes is lost.
    private static string NewFile(string option, string? value, string example)
    {
        string file = Required(option, value, $"needs a file, e.g. {option} {example}");
        string directory = Path.GetDirectoryName(Path.GetFullPath(file)) ?? "/";
        if (Directory.Exists(file))
            throw new UsageException($"{option} {file}: is a directory; e.g. {option} {example}");
        return Directory.Exists(directory)
            ? file
            : throw new UsageException($"{option} {file}: there is no directory {directory}; e.g. {option} {example}");
    }

    private static string Required(string option, string? value, string example) =>
        string.IsNullOrWhiteSpace(value) || value.StartsWith("--", StringComparison.Ordinal)
            ? throw new UsageException($"{option} has no value: {example}")
            : value;
}
