namespace Overlay.Bench.Rig.Figures;

/// <summary>What a figure counts, and the unit of the CPU time beside it.</summary>
internal sealed record Metric(string Workload, string Unit, string CpuUnit, bool LowerIsBetter = false);
