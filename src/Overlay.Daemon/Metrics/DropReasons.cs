using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Packets;

namespace Overlay.Daemon.Metrics;

/// <summary>Every pair a drop is counted under.</summary>
internal static class DropReasons
{
    public static IReadOnlyList<(Direction Direction, DropReason Reason)> All { get; } =
    [
        .. from direction in Enum.GetValues<Direction>()
           from reason in Enum.GetValues<DropReason>()
           where reason != DropReason.None
           select (direction, reason),
    ];
}
