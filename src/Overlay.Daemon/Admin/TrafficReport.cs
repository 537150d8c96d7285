using Overlay.Daemon.Metrics;

namespace Overlay.Daemon.Admin;

/// <summary>Packets that flow now, a second, and those dropped within the last minute.</summary>
internal sealed record TrafficReport(RateReport Egress, RateReport Ingress, IReadOnlyList<DropReport> RecentDrops)
{
    public static TrafficReport Of(Traffic traffic) => new(
        RateReport.Of(traffic.Egress), RateReport.Of(traffic.Ingress), [.. traffic.RecentDrops.Select(DropReport.Of)]);
}

/// <summary>Inner packets and their bits, a second.</summary>
internal sealed record RateReport(double PacketsPerSecond, double BitsPerSecond)
{
    public static RateReport Of(TrafficRate rate) =>
        new(Math.Round(rate.Packets, 1), Math.Round(rate.Bits));
}
