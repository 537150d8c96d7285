using Overlay.ControlPlane.Formats;
using Overlay.ControlPlane.Leases;
using Overlay.Daemon.Options;
using Overlay.Host.Files;

namespace Overlay.Daemon.Lifecycle;

/// <summary>The net-conf.json that stands beside Kubernetes, which has no place for the network of all nodes.</summary>
internal static class NetConfFile
{
    /// <summary>
    /// The settings with the network of the net-conf.json that is configured for Kubernetes, where one is.
    /// </summary>
    /// <exception cref="ConfigurationException">The file cannot be read, or makes no sense.</exception>
    public static NodeSettings Complete(OverlayOptions options, NodeSettings settings)
    {
        if (options.ControlPlane is not { Kind: ControlPlaneKind.Kubernetes, NetConf: { } path }) return settings;
        string problem;
        try
        {
            byte[] text = BoundedFile.Read(path, NetConf.MostBytes, "a net-conf.json");
            if (NetConf.TryParseWithoutSubnets(text, out NetworkSettings? network, out string? error))
                return settings with { Network = network };
            problem = error;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            problem = exception.Message;
        }

        throw new ConfigurationException(
            $"Overlay:ControlPlane:Kubernetes:NetConf '{path}' cannot be used: {problem}; "
            + """example: {"Network":"10.244.0.0/16","Backend":{"Type":"vxlan"}}""");
    }
}
