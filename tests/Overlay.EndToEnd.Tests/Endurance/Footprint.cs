using System.Globalization;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Endurance;

/// <summary>All that a daemon has of a host at one moment.</summary>
/// <param name="Descriptors">How many open files the process has of each kind, such as socket; code left out.</param>
/// <param name="Threads">Of the process.</param>
/// <param name="Kernel">Devices, addresses, routes and rules that it made, as ip and nft show them.</param>
/// <param name="Files">In its state directory and beside its socket.</param>
/// <param name="Heap">Managed memory in use, after a full collection, in bytes.</param>
/// <param name="Anonymous">Memory of the process that is no file's, in bytes.</param>
internal sealed record Footprint(
    IReadOnlyDictionary<string, int> Descriptors, int Threads, string Kernel, string Files, long Heap, long Anonymous)
{
    private static readonly string[][] _looks =
    [
        ["ip", "-o", "link", "show", "overlay.1"], ["ip", "-o", "address", "show", "dev", "overlay.1"],
        ["ip", "route", "show", "table", "all"], ["ip", "-6", "route", "show", "table", "all"], ["ip", "rule"],
        ["ip", "neighbour", "show", "dev", "overlay.1"], ["nft", "-s", "list", "ruleset"],
    ];

    public static Footprint Of(Node node, BackgroundProcess daemon)
    {
        HeapCollection.Run(daemon.Pid);
        string process = $"/proc/{daemon.Pid}";
        string metrics = AdminSocket.GetLoopback(node, 9472, "metrics");
        return new Footprint(
            Directory.GetFiles($"{process}/fd").Select(KindOf).OfType<string>().GroupBy(static kind => kind)
                .ToDictionary(static kind => kind.Key, static kind => kind.Count()),
            Directory.GetDirectories($"{process}/task").Length,
            Lines(_looks.SelectMany(look => node.Run(look[0], look[1..]).EnsureSuccess().Output.Split('\n'))
                .Select(static line => line.Trim()).Where(static line => line.Length > 0)),
            Lines(Directory.GetFiles(node.StateDirectory).Concat(Directory.GetFiles(node.Directory, "*.sock*"))),
            metrics.Split('\n')
                .Where(static line => line.StartsWith(
                    "dotnet_gc_last_collection_heap_size_bytes{", StringComparison.Ordinal))
                .Sum(static line => long.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture)),
            ProcessMemory.Of(daemon, "RssAnon"));
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{string.Join(", ", Descriptors.Select(static kind => $"{kind.Value} {kind.Key}"))}; {Threads} threads; "
        + $"heap {Heap / 1024} KiB; anonymous {Anonymous / 1024} KiB");

    /// <summary>More of any kind of descriptors than before.</summary>
    public IEnumerable<string> MoreThan(Footprint before) =>
        Descriptors.Where(kind => kind.Value > before.Descriptors.GetValueOrDefault(kind.Key))
            .Select(static kind => $"{kind.Value} {kind.Key}");

    // Null for one that has just been closed, and for code, which is loaded when it is first needed: a library, or a part
    // of the program's one file.
    private static string? KindOf(string file)
    {
        string? target = new FileInfo(file).LinkTarget;
        return target is null || target.EndsWith(".dll", StringComparison.Ordinal)
            || target.EndsWith(".pdb", StringComparison.Ordinal)
            || target.EndsWith("/overlayd", StringComparison.Ordinal) ? null : target.Split(':')[0];
    }

    private static string Lines(IEnumerable<string> lines) => string.Join('\n', lines.Order(StringComparer.Ordinal));
}
