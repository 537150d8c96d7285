using System.Numerics;
using Overlay.Daemon.Networks;
using Overlay.Dataplane.Linux.Tun;

namespace Overlay.Daemon.Admin;

/// <summary>
/// How packets are worked on: queues, the offloads in use, the largest number of datagrams of one send (1 = each by
/// itself).
/// </summary>
internal sealed record DataplaneReport(int Queues, IReadOnlyList<string> Offloads, int MaxSegments)
{
    public static DataplaneReport Of(QueueUse use) => new(
        use.Queues, [.. Enum.GetValues<Offloads>()
            .Where(o => BitOperations.IsPow2((int)o) && use.Offloads.HasFlag(o)).Select(o => o.ToString())],
        use.MaxSegments);
}
