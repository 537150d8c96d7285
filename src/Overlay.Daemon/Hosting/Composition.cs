using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Admin;
using Overlay.Daemon.Callers;
using Overlay.Daemon.Captures;
using Overlay.Daemon.CniInstall;
using Overlay.Daemon.Handover;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Metrics;
using Overlay.Daemon.Options;
using Overlay.Daemon.Paths;
using Overlay.Daemon.Probes;
using Overlay.Daemon.Problems;
using Overlay.Daemon.StatusPage;
using Serilog;
using Serilog.Core;

namespace Overlay.Daemon.Hosting;

/// <summary>
/// The daemon, put together: the node (<see cref="NodeComposition"/>), its reports, and the order in which the host
/// starts the parts.
/// </summary>
internal static class Composition
{
    /// <exception cref="ConfigurationException">Something that the configuration names cannot be used.</exception>
    public static WebApplication Build(
        IConfiguration configuration, OverlayOptions options, ProcessStart start, ProcessOutcome outcome,
        Predecessor? predecessor)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        _ = builder.Configuration.AddConfiguration(configuration);
        LoggingLevelSwitch level = new();
        _ = builder.Logging.ClearProviders().AddSerilog(Logging.Create(configuration, level), dispose: true);
        _ = builder.WebHost.ConfigureKestrel(kestrel => AdminEndpoints.Listen(
            kestrel, options, kestrel.ApplicationServices.GetRequiredService<CallerGate>()));
        _ = builder.Services.Replace(
            ServiceDescriptor.Singleton<IConnectionListenerFactory, PatientListenerFactory>());
        if (predecessor is not null) _ = builder.Services.AddSingleton<IPredecessor>(predecessor);
        AddHostedParts(NodeHealthCheck.AddTo(builder.Services).AddSingleton(start).AddSingleton(outcome).AddNode(options)
            .AddNodeMetrics()
            .AddSingleton(level)
            .AddSingleton<CallerGate>()
            .AddSingleton(new EffectiveConfiguration(configuration))
            .AddSingleton<TrafficHistory>()
            .AddSingleton<CaptureGate>()
            .AddSingleton<AdminReader>()
            .AddSingleton<SenderWatch>()
            .AddSingleton<Pinger>()
            .AddSingleton<PingRequests>()
            .AddSingleton<Upgrade>()
            .AddSingleton<PageEvents>()
            .AddSingleton<HealthApplication>()
            .AddSingleton<IHttpApplication<HttpContext>, PageApplication>());
        WebApplication application = builder.Build();
        AdminEndpoints.Map(application);
        predecessor?.Logger = application.Services.GetRequiredService<ILogger<Predecessor>>();
        return application;
    }

    /// <summary>
    /// The host calls each step of all parts in this order, and the steps of a stop in the reverse one.
    /// </summary>
    /// <remarks>
    /// Every part works in the steps behind and before Kestrel's own, so that status answers while the node starts and
    /// until it is gone.
    /// </remarks>
    private static void AddHostedParts(IServiceCollection services) => services

        // First: until then anybody may connect to the socket.
        .AddHostedService<AdminSocketGuard>()

        // The node, and with it the wait for a store; one that is taken over, before anything listens.
        .AddHostedService<OverlayService>()
        .AddHostedService<AdminSocketPlace>()

        // Beside the node: health answers while it starts, and until it is gone.
        .AddHostedService<HealthServer>()

        // Behind the node, which it gives to another overlayd.
        .AddSingleton(static provider => new HandoverServer(
            provider.GetRequiredService<OverlayOptions>(), provider.GetRequiredService<NodeLifecycle>(),
            provider.GetRequiredService<ChannelWriter<NodeChange>>(), provider.GetRequiredService<ProcessOutcome>(),
            provider.GetRequiredService<FatalFault>(), provider.GetRequiredService<IHostApplicationLifetime>(),
            provider.GetRequiredService<CallerGate>(), provider.GetRequiredService<ProblemBoard>().Guard,
            provider.GetRequiredService<ILogger<HandoverServer>>()))
        .AddHostedService(static provider => provider.GetRequiredService<HandoverServer>())

        // Behind the node, whose packets it looks at.
        .AddHostedService(static provider => provider.GetRequiredService<SenderWatch>())

        // Behind the node, whose peers it probes.
        .AddHostedService<PeerProbing>()

        // Behind the node: pods are promised to runtimes only when there is one; removed first at a stop.
        .AddSingleton<CniInstallService>()
        .AddHostedService(static provider => provider.GetRequiredService<CniInstallService>())
        .AddHostedService<LeakedAddresses>()

        // Last: READY=1 means that all of the above is done, or waits for others.
        .AddHostedService(static provider => new SystemdNotifier(
            () => provider.GetRequiredService<NodeStatus>().WaitingFor, provider.GetRequiredService<ProcessOutcome>(),
            provider.GetService<IPredecessor>() is not null, TimeProvider.System,
            provider.GetRequiredService<ProblemBoard>().Guard,
            provider.GetRequiredService<ILogger<SystemdNotifier>>()));
}
