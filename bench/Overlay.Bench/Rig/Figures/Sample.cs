namespace Overlay.Bench.Rig.Figures;

/// <summary>A series' figure of one run.</summary>
internal readonly record struct Sample(int Run, double Value, double Cpu);
