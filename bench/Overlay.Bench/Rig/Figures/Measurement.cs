namespace Overlay.Bench.Rig.Figures;

/// <summary>One figure of one run.</summary>
/// <param name="Value">In the metric's unit.</param>
/// <param name="Cpu">What the whole machine spent, in the metric's CPU unit.</param>
/// <param name="Note">Something to know about this run, for whoever watches.</param>
internal readonly record struct Measurement(Metric Metric, double Value, double Cpu, string Note = "");
