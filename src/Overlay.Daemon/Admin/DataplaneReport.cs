using System.Numerics;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Tiers;
using Overlay.Dataplane.Linux.Tun;

namespace Overlay.Daemon.Admin;

/// <summary>
/// How packets are worked on: the tier that forwards and why it is no other or what it does without, queues, the offloads in
/// use, the largest number of datagrams of one send (1 = each by itself).
/// </summary>
internal sealed record DataplaneReport(
    string Tier, string TierReason, int Queues, IReadOnlyList<string> Offloads, int MaxSegments)
{
    public static DataplaneReport Of(TierUse tier, QueueUse use) => new(
        $"{tier.Tier}", tier.Reason, use.Queues, [.. Enum.GetValues<Offloads>()
            .Where(o => BitOperations.IsPow2((int)o) && use.Offloads.HasFlag(o)).Select(o => o.ToString())],
        use.MaxSegments);
}
