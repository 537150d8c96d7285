namespace Overlay.Bench.Rig.Traffic;

/// <summary>What a sink has read in its time, and what the whole machine spent meanwhile.</summary>
internal sealed record SinkReport(long Datagrams, long OtherLength, double Seconds, double CpuSeconds);
