using Overlay.Daemon.Metrics;
using Overlay.Daemon.Networks;
using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Ebpf.Maps;

namespace Overlay.Daemon.Admin;

/// <summary>The report of <c>overlayctl counters</c>.</summary>
internal sealed record CountersReport(IReadOnlyList<WorkerReport> Workers, IReadOnlyList<DropReport> Drops)
{
    public static CountersReport Of(NetworkCounters counters) => new(
        [
            .. counters.All.Paths.Select(static worker => new WorkerReport(
                worker.Name, DirectionName.Of(worker.Direction), worker.ForwardedPackets, worker.ForwardedBytes,
                worker.AllocatedBytes)),
            .. Enum.GetValues<Direction>().Where(_ => counters.Kernel.IsUsed)
                .Select(direction => WorkerReport.OfKernel(direction, counters.Kernel)),
        ],
        [
            .. DropCount.All(counters).Select(DropReport.Of),
        ]);
}

/// <summary>
/// A worker's counters of a direction: packets and inner bytes forwarded, managed memory that its thread has allocated.
/// </summary>
/// <remarks>The kernel's tier has rows too, once it has been on.</remarks>
internal sealed record WorkerReport(string Worker, string Direction, long Packets, long Bytes, long AllocatedBytes)
{
    public static WorkerReport OfKernel(Direction direction, TierCounters kernel)
    {
        TrafficCount forwarded = kernel.Forwarded(direction);
        return new(
            TierCounters.NameOf(direction), DirectionName.Of(direction), forwarded.Packets, forwarded.Bytes, 0);
    }
}

/// <summary>Packets dropped for one reason.</summary>
internal sealed record DropReport(string Direction, string Reason, long Packets)
{
    public static DropReport Of(DropCount drop) => new(DirectionName.Of(drop.Direction), drop.Reason, drop.Packets);
}
