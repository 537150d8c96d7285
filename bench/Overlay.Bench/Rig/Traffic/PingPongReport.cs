namespace Overlay.Bench.Rig.Traffic;

/// <summary>How long the round trips took, and what the whole machine spent meanwhile.</summary>
internal sealed record PingPongReport(
    int RoundTrips, double MedianMicroseconds, double P99Microseconds, double CpuSeconds);
