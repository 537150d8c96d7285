using Overlay.Dataplane.Counters;

namespace Overlay.Daemon.Metrics;

/// <summary>Directions, as reports and metrics name them.</summary>
internal static class DirectionName
{
    public static string Of(Direction direction) => direction == Direction.Egress ? "egress" : "ingress";
}
