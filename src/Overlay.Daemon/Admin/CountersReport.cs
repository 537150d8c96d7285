using Overlay.Daemon.Metrics;
using Overlay.Dataplane.Counters;

namespace Overlay.Daemon.Admin;

/// <summary>The report of <c>overlayctl counters</c>.</summary>
internal sealed record CountersReport(IReadOnlyList<WorkerReport> Workers, IReadOnlyList<DropReport> Drops)
{
    public static CountersReport Of(DataplaneCounters counters) => new(
        [
            .. counters.Paths.Select(static worker => new WorkerReport(
                worker.Name, DirectionName.Of(worker.Direction), worker.ForwardedPackets, worker.ForwardedBytes,
                worker.AllocatedBytes)),
        ],
        [
            .. DropReasons.All.Select(drop => new DropReport(
                DirectionName.Of(drop.Direction), drop.Reason.ToString(),
                counters.Dropped(drop.Direction, drop.Reason))),
        ]);
}

/// <summary>
/// A worker's counters of a direction: packets and inner bytes forwarded, managed memory that its thread has allocated.
/// </summary>
internal sealed record WorkerReport(string Worker, string Direction, long Packets, long Bytes, long AllocatedBytes);

/// <summary>Packets dropped for one reason.</summary>
internal sealed record DropReport(string Direction, string Reason, long Packets);
