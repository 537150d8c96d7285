using Overlay.Daemon.Metrics;
using Overlay.Daemon.Networks;

namespace Overlay.Daemon.Admin;

/// <summary>The report of <c>overlayctl counters</c>.</summary>
internal sealed record CountersReport(IReadOnlyList<WorkerReport> Workers, IReadOnlyList<DropReport> Drops)
{
    public static CountersReport Of(NetworkCounters counters) => new(
        [
            .. counters.All.Paths.Select(static worker => new WorkerReport(
                worker.Name, DirectionName.Of(worker.Direction), worker.ForwardedPackets, worker.ForwardedBytes,
                worker.AllocatedBytes)),
        ],
        [
            .. DropCount.All(counters).Select(DropReport.Of),
        ]);
}

/// <summary>
/// A worker's counters of a direction: packets and inner bytes forwarded, managed memory that its thread has allocated.
/// </summary>
internal sealed record WorkerReport(string Worker, string Direction, long Packets, long Bytes, long AllocatedBytes);

/// <summary>Packets dropped for one reason.</summary>
internal sealed record DropReport(string Direction, string Reason, long Packets)
{
    public static DropReport Of(DropCount drop) => new(DirectionName.Of(drop.Direction), drop.Reason, drop.Packets);
}
