namespace Overlay.Daemon.Metrics;

/// <summary>The packets that flow now, and those that were dropped lately.</summary>
/// <param name="Egress">Of the last seconds.</param>
/// <param name="Ingress">Of the last seconds.</param>
/// <param name="RecentDrops">Packets dropped in the last minute, by each reason that there was.</param>
internal sealed record Traffic(TrafficRate Egress, TrafficRate Ingress, IReadOnlyList<DropCount> RecentDrops);

/// <summary>Inner packets and their bits, a second; zero in the daemon's first one.</summary>
internal readonly record struct TrafficRate(double Packets, double Bits);
