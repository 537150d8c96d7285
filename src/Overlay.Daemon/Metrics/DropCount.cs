using Overlay.Daemon.Networks;
using Overlay.Dataplane.Counters;

namespace Overlay.Daemon.Metrics;

/// <summary>Packets dropped for one reason: by a worker, or by the kernel in front of it.</summary>
/// <param name="Direction">Their way.</param>
/// <param name="Reason">As reports and metrics name it.</param>
/// <param name="Packets">Since the daemon began.</param>
internal readonly record struct DropCount(Direction Direction, string Reason, long Packets)
{
    // The kernel had no room for a datagram at the tunnels' sockets (SOCKET_RCVBUFF); the TUN's queue was full.
    private const string SocketRcvbuff = "SocketRcvbuff";
    private const string TunFull = "TunFull";

    /// <summary>The number of reasons, of both directions.</summary>
    public static int Reasons => DropReasons.All.Count + 2;

    /// <summary>All of now, in an order that stays.</summary>
    public static IReadOnlyList<DropCount> All(NetworkCounters counters) =>
    [
        .. DropReasons.All.Select(drop => new DropCount(
            drop.Direction, drop.Reason.ToString(), counters.Dropped(drop.Direction, drop.Reason))),
        new(Direction.Ingress, SocketRcvbuff, counters.Sockets.Read()),
        new(Direction.Egress, TunFull, counters.Tun.Read()),
    ];
}
