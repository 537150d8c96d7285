namespace Overlay.Bench.Rig.Report;

/// <summary>A series' figure of one run.</summary>
internal readonly record struct Sample(int Run, double Value, double Cpu);
