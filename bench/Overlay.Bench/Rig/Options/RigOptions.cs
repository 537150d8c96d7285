namespace Overlay.Bench.Rig.Options;

/// <summary>What to measure: every combination of column, peer and workload, as often as asked.</summary>
internal sealed record RigOptions
{
    public const string NoWire = "no-wire";
    public const string WireLike = "wire-like";

    public static readonly string[] AllColumns = [NoWire, WireLike];

    public required IReadOnlyList<string> Peers { get; init; }

    public required IReadOnlyList<string> Workloads { get; init; }

    public IReadOnlyList<string> Columns { get; init; } = AllColumns;

    public int Runs { get; init; } = 5;

    /// <summary>Length of one measurement; converge takes longer where its samples do.</summary>
    public int Seconds { get; init; } = 3;

    public string? JsonFile { get; init; }

    public string? SvgFile { get; init; }

    /// <summary>Measure even if the machine has other work; the figures then mean little.</summary>
    public bool BesideLoad { get; init; }
}
