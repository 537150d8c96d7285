using Overlay.Daemon.Metrics;
using Overlay.Dataplane.Counters;

namespace Overlay.Daemon.Admin;

/// <summary>Packets that flow now, a second, and those dropped within the last minute.</summary>
internal sealed record TrafficReport(RateReport Egress, RateReport Ingress, IReadOnlyList<DropReport> RecentDrops)
{
    public static TrafficReport Of(TrafficHistory history) => new(
        RateReport.Of(history.Rate(Direction.Egress)), RateReport.Of(history.Rate(Direction.Ingress)),
        [
            .. DropReasons.All.Zip(history.RecentDrops()).Where(static drop => drop.Second > 0)
                .Select(static drop => new DropReport(
                    DirectionName.Of(drop.First.Direction), drop.First.Reason.ToString(), drop.Second)),
        ]);
}

/// <summary>Inner packets and their bits, a second.</summary>
internal sealed record RateReport(double PacketsPerSecond, double BitsPerSecond)
{
    public static RateReport Of((double Packets, double Bits) rate) =>
        new(Math.Round(rate.Packets, 1), Math.Round(rate.Bits));
}
