namespace Overlay.Host.Files;

/// <summary>Where the programs of a node find each other when nobody tells them otherwise.</summary>
public static class NodePaths
{
    /// <summary>Flannel's, for the plugins that read it.</summary>
    public const string SubnetFile = "/run/flannel/subnet.env";

    /// <summary>
    /// The name of the empty file beside the subnet file by whose time the plugin knows when it last found the daemon.
    /// </summary>
    public const string SightingFile = ".overlayd-answered";

    public const string AdminSocket = "/run/overlay/overlayd.sock";
}
