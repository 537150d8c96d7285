using Microsoft.Extensions.Logging;
using Overlay.ControlPlane;

namespace Overlay.Daemon;

/// <summary>Makes the lease source that the configuration names.</summary>
internal static class LeaseSources
{
    // For what a store answers at once or not at all.
    private static readonly TimeSpan _requestLimit = TimeSpan.FromSeconds(3);

    /// <exception cref="ConfigurationException">This version has no such control plane.</exception>
    public static ILeaseSource Create(OverlayOptions options, ILoggerFactory loggers)
    {
        ControlPlaneOptions controlPlane = options.ControlPlane;
        ILeaseSource source = controlPlane.Kind switch
        {
            ControlPlaneKind.File => new FileLeaseSource(controlPlane.LeaseDirectory, loggers.CreateLogger<FileLeaseSource>()),
            ControlPlaneKind kind => throw new ConfigurationException($"Overlay:ControlPlane:Kind '{kind}' is not a control plane of this version; example: File"),
        };
        return new BoundedLeaseSource(source, _requestLimit);
    }

    /// <summary>The settings with the network of the net-conf.json that is configured for Kubernetes, where one is.</summary>
    /// <exception cref="ConfigurationException">This version reads none.</exception>
    public static NodeSettings WithNetConf(OverlayOptions options, NodeSettings settings) =>
        options.ControlPlane is { Kind: ControlPlaneKind.Kubernetes, NetConf: { } path }
            ? throw new ConfigurationException($"Overlay:ControlPlane:Kubernetes:NetConf '{path}' is not read by this version; example: leave it empty")
            : settings;
}
