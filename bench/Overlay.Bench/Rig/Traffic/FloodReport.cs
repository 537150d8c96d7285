namespace Overlay.Bench.Rig.Traffic;

/// <summary>What a flood has handed to its pod's kernel.</summary>
internal sealed record FloodReport(long Datagrams, double Seconds);
