using Microsoft.Extensions.DependencyInjection;
using Overlay.Daemon.Admin;
using Overlay.Daemon.Metrics;
using Overlay.Daemon.Options;
using Overlay.Daemon.Probes;
using Overlay.Daemon.Problems;

namespace Overlay.Daemon.Hosting;

/// <summary>All that is measured of the node, and the probes that some of it needs.</summary>
internal static class MetricsComposition
{
    public static IServiceCollection AddNodeMetrics(this IServiceCollection services) => services
        .AddSingleton<PingScenes>()
        .AddSingleton<PeerTraffic>()
        .AddSingleton(static provider => new MeshWatch(
            provider.GetRequiredService<PingScenes>().Now,
            provider.GetRequiredService<OverlayOptions>().Metrics.ProbeInterval,
            provider.GetRequiredService<PeerTraffic>().ReadBytes,
            provider.GetRequiredService<DaemonMeter>().Probed, provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ProblemBoard>().Guard))
        .AddSingleton<IMetricSource, DaemonMetrics>()
        .AddSingleton<IMetricSource, PeerProbeMetrics>()
        .AddSingleton<IMetricSource, CniMetrics>()
        .AddSingleton<MetricsExport>();
}
