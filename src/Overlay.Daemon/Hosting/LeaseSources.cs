using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Etcd;
using Overlay.ControlPlane.Sources.Files;
using Overlay.ControlPlane.Sources.Kubernetes;
using Overlay.Daemon.Options;

namespace Overlay.Daemon.Hosting;

/// <summary>Makes the lease source that the configuration names.</summary>
internal static class LeaseSources
{
    // A file is there or is not; a request over the network has limits of its own, and members to try.
    private static readonly TimeSpan _fileLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan _requestLimit = TimeSpan.FromSeconds(10);

    /// <exception cref="ConfigurationException">
    /// Something that the configuration names for the control plane cannot be used.
    /// </exception>
    public static ILeaseSource Create(OverlayOptions options, ILoggerFactory loggers)
    {
        ControlPlaneOptions controlPlane = options.ControlPlane;
        try
        {
            return controlPlane.Kind switch
            {
                ControlPlaneKind.Etcd => new BoundedLeaseSource(
                    new EtcdLeaseSource(controlPlane.Etcd, loggers.CreateLogger<EtcdLeaseSource>()), _requestLimit),
                ControlPlaneKind.Kubernetes => new BoundedLeaseSource(
                    new KubernetesLeaseSource(controlPlane.Kubernetes, loggers.CreateLogger<KubernetesLeaseSource>()),
                    _requestLimit),
                _ => new BoundedLeaseSource(
                    new FileLeaseSource(controlPlane.LeaseDirectory, loggers.CreateLogger<FileLeaseSource>()),
                    _fileLimit),
            };
        }
        catch (InvalidDataException exception)
        {
            throw new ConfigurationException(exception.Message);
        }
    }
}
