using System.Numerics;
using Overlay.Daemon.Networks;
using Overlay.Dataplane.Linux.Tun;

namespace Overlay.Daemon.Admin;

/// <summary>How packets are worked on: queues, the offloads in use, the largest number of datagrams of one send (1 = each by itself).</summary>
internal sealed record DataplaneReport(int Queues, IReadOnlyList<string> Offloads, int MaxSegments)
{
    /// <summary>Null before the network is made.</summary>
    public static DataplaneReport? Of(QueueUse? use) => use is { } known ? new DataplaneReport(known.Queues, Names(known.Offloads), known.MaxSegments) : null;

    // Combinations of flags have names too, which say nothing of their own.
    private static string[] Names(Offloads used) =>
        [.. Enum.GetValues<Offloads>().Where(one => BitOperations.IsPow2((int)one) && used.HasFlag(one)).Select(one => one.ToString())];
}
