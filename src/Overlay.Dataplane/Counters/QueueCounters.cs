namespace Overlay.Dataplane.Counters;

/// <summary>The counters of one queue, a set for each direction.</summary>
public sealed record QueueCounters(PathCounters Egress, PathCounters Ingress)
{
    /// <summary>Counters that start at zero.</summary>
    /// <param name="queue">Which queue: the end of both names, as in <c>egress-0</c>.</param>
    public static QueueCounters For(string queue) =>
        new(new PathCounters(
            $"egress-{queue}", Direction.Egress), new PathCounters($"ingress-{queue}", Direction.Ingress));
}
