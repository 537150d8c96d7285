using Overlay.Dataplane.Taps;

namespace Overlay.Dataplane.Counters;

/// <summary>
/// A worker's notes for others to read: counters of each direction, system calls, strangers, copies of packets.
/// </summary>
public sealed record QueueCounters(PathCounters Egress, PathCounters Ingress)
{
    /// <summary>What the worker asks of the kernel.</summary>
    public SyscallCounters Calls { get; } = new();

    /// <summary>Frames from addresses that no peer has.</summary>
    public StrangerRing Strangers { get; } = new();

    /// <summary>The place where a capture listens.</summary>
    public TapPoint Tap { get; } = new();

    /// <summary>Counters that start at zero.</summary>
    /// <param name="queue">Which queue: the end of both names, as in <c>egress-0</c>.</param>
    public static QueueCounters For(string queue) =>
        new(new PathCounters(
            $"egress-{queue}", Direction.Egress), new PathCounters($"ingress-{queue}", Direction.Ingress));
}
