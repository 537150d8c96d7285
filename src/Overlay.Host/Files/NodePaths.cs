namespace Overlay.Host.Files;

/// <summary>Where the programs of a node find each other when nobody tells them otherwise.</summary>
public static class NodePaths
{
    /// <summary>Flannel's, for the plugins that read it.</summary>
    public const string SubnetFile = "/run/flannel/subnet.env";

    public const string AdminSocket = "/run/overlay/overlayd.sock";
}
