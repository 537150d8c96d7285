using System.Numerics;
using Overlay.Daemon.Networks;
using Overlay.Dataplane.Linux.Tun;

namespace Overlay.Daemon.Admin;

/// <summary>How packets are worked on: queues, the offloads in use, the largest number of datagrams of one send (1 = each by itself).</summary>
internal sealed record DataplaneReport(int Queues, IReadOnlyList<string> Offloads, int MaxSegments)
{
    // Names of single offloads: None and All are none.
    private static readonly Offloads[] _single = [.. Enum.GetValues<Offloads>().Where(static offload => BitOperations.IsPow2((int)offload))];

    /// <summary>Null before the network is made.</summary>
    public static DataplaneReport? Of(QueueUse? use) => use is not { } queues
        ? null
        : new DataplaneReport(
            queues.Queues, [.. _single.Where(offload => queues.Offloads.HasFlag(offload)).Select(static offload => offload.ToString())],
            queues.MaxSegments);
}
