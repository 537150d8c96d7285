using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Fixtures;

/// <summary>A store of leases that a start waits for: its directory is a file.</summary>
internal static class UnreadableStore
{
    /// <summary>The file.</summary>
    public static string PathOf(Node node) => Path.Combine(node.Directory, "file");

    /// <summary>Starts the node's daemon with it.</summary>
    public static DaemonProcess StartDaemon(Node node)
    {
        string file = PathOf(node);
        File.WriteAllText(file, "not a directory");
        node.WriteConfig(overlay => overlay["ControlPlane"]!["File"]!["Directory"] = file);
        return node.StartDaemon();
    }
}
