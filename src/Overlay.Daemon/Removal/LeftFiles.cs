using Overlay.Daemon.CniInstall;
using Overlay.Daemon.Options;
using Overlay.Host.Files;

namespace Overlay.Daemon.Removal;

/// <summary>The files that runs of the daemon leave on a node.</summary>
internal static class LeftFiles
{
    // The files of docs/host.md.
    private static readonly string[] _state =
    [
        "vtep.json", "peers.json", "assignment.json", "withdrawn.json", "blackholes.json", "reserved-port.json",
        "kept-device.json",
    ];

    /// <summary>
    /// The directory of the pods' addresses of the network: as host-local has them, beside the plugin's records.
    /// </summary>
    public static string AllocationsOf(CniInstallOptions cni) =>
        Path.Combine(Path.GetDirectoryName(cni.StateDirectory.TrimEnd('/'))!, "networks", CniConflist.NetworkName);

    /// <summary>State, socket and lease. The subnet file is the pods'.</summary>
    public static IEnumerable<string> Of(OverlayOptions options) =>
    [
        .. _state.Select(name => Path.Combine(options.StateDirectory, name)),
        options.AdminSocket,
        Path.Combine(Path.GetDirectoryName(options.SubnetFile)!, NodePaths.SightingFile),

        // With etcd and Kubernetes there is none.
        Path.Combine(options.ControlPlane.LeaseDirectory, $"{options.NodeName}.json"),
    ];

    /// <summary>The directories of those files, which go where nothing else is in them.</summary>
    public static IEnumerable<string> DirectoriesOf(OverlayOptions options) =>
    [
        options.ControlPlane.LeaseDirectory, options.StateDirectory, Path.GetDirectoryName(options.SubnetFile)!,
        Path.GetDirectoryName(options.AdminSocket)!,
    ];
}
