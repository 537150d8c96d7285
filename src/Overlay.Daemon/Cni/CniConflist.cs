using System.Text.Json;
using System.Text.Json.Nodes;
using Overlay.Ipam;

namespace Overlay.Daemon;

/// <summary>The configuration that tells container runtimes to call the plugin.</summary>
internal static class CniConflist
{
    // Behind flannel's and before those of bridge and the like.
    public const string FileName = "10-overlay.conflist";

    // What the plugin takes where its configuration does not say.
    public const string DefaultSubnetFile = "/run/flannel/subnet.env";
    public const string DefaultAdminSocket = "/run/overlay/overlayd.sock";

    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true };

    /// <summary>The file's content. Port mappings are portmap's to do, where the host has it.</summary>
    /// <param name="options">Whether subnet.env, records or socket are elsewhere than the plugin expects them.</param>
    /// <param name="hasPortmap">A chain with a plugin that is missing would fail for every pod.</param>
    public static byte[] Format(CniInstallOptions options, bool hasPortmap)
    {
        JsonObject plugin = new() { ["type"] = "overlay" };
        if (options.SubnetFile != DefaultSubnetFile) plugin["subnetFile"] = options.SubnetFile;
        JsonArray plugins = [plugin];
        if (options.StateDirectory != AttachmentRecords.DefaultDirectory) plugin["stateDirectory"] = options.StateDirectory;
        if (options.AdminSocket != DefaultAdminSocket) plugin["adminSocket"] = options.AdminSocket;
        if (hasPortmap) plugins.Add((JsonNode)new JsonObject { ["type"] = "portmap", ["capabilities"] = new JsonObject { ["portMappings"] = true } });

        // The name is flannel's: what host-local keeps under it, this node's pods keep.
        JsonObject conflist = new()
        {
            ["cniVersion"] = "1.0.0",
            ["cniVersions"] = new JsonArray("0.3.1", "0.4.0", "1.0.0", "1.1.0"),
            ["name"] = "cbr0",
            ["plugins"] = plugins,
        };
        return [.. JsonSerializer.SerializeToUtf8Bytes(conflist, _indented), (byte)'\n'];
    }
}
