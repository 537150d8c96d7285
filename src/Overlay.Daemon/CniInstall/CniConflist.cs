using System.Text.Json;
using System.Text.Json.Nodes;
using Overlay.Daemon.Options;
using Overlay.Host.Files;
using Overlay.Pods.Attachments;

namespace Overlay.Daemon.CniInstall;

/// <summary>The configuration that tells container runtimes to call the plugin.</summary>
internal static class CniConflist
{
    // Behind flannel's and before those of bridge and the like.
    public const string FileName = "10-overlay.conflist";

    private const string PluginType = "overlay";

    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true };

    /// <summary>The file's content. Port mappings are portmap's to do, where the host has it.</summary>
    /// <param name="options">Whether subnet.env, records or socket are elsewhere than the plugin expects them.</param>
    /// <param name="hasPortmap">A chain with a plugin that is missing would fail for every pod.</param>
    public static byte[] Format(CniInstallOptions options, bool hasPortmap)
    {
        JsonObject plugin = new() { ["type"] = PluginType };
        if (options.SubnetFile != NodePaths.SubnetFile) plugin["subnetFile"] = options.SubnetFile;
        JsonArray plugins = [plugin];
        if (options.StateDirectory != AttachmentRecords.DefaultDirectory)
            plugin["stateDirectory"] = options.StateDirectory;
        if (options.AdminSocket != NodePaths.AdminSocket) plugin["adminSocket"] = options.AdminSocket;
        if (hasPortmap)
            plugins.Add((JsonNode)new JsonObject
            {
                ["type"] = "portmap",
                ["capabilities"] = new JsonObject { ["portMappings"] = true }
            });

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

    /// <summary>
    /// Whether it is what <see cref="Format"/> writes: portmap may have come since, and the daemon's paths may have
    /// been others.
    /// </summary>
    public static bool IsOurs(byte[] content, CniInstallOptions options)
    {
        using JsonDocument? document = Parse(content);
        if (document is null || document.RootElement.ValueKind != JsonValueKind.Object) return false;
        if (!document.RootElement.TryGetProperty("plugins", out JsonElement plugins)
            || plugins.ValueKind != JsonValueKind.Array) return false;
        JsonElement plugin = plugins.EnumerateArray().FirstOrDefault();
        if (plugin.ValueKind != JsonValueKind.Object) return false;
        CniInstallOptions written = options with
        {
            SubnetFile = Text(plugin, "subnetFile") ?? NodePaths.SubnetFile,
            StateDirectory = Text(plugin, "stateDirectory") ?? AttachmentRecords.DefaultDirectory,
            AdminSocket = Text(plugin, "adminSocket") ?? NodePaths.AdminSocket,
        };
        return content.AsSpan().SequenceEqual(Format(written, hasPortmap: false))
            || content.AsSpan().SequenceEqual(Format(written, hasPortmap: true));
    }

    /// <summary>
    /// Whether a runtime that goes by it calls the plugin, be it through another one that has a configuration of ours
    /// in its own.
    /// </summary>
    public static bool CallsPlugin(byte[] content)
    {
        // What is no JSON no runtime goes by.
        using JsonDocument? document = Parse(content);
        return document is not null && Calls(document.RootElement);
    }

    private static bool Calls(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => Text(element, "type") == PluginType
            || element.EnumerateObject().Any(static property => Calls(property.Value)),
        JsonValueKind.Array => element.EnumerateArray().Any(Calls),
        _ => false,
    };

    private static string? Text(JsonElement element, string key) =>
        element.TryGetProperty(key, out JsonElement value)
            && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static JsonDocument? Parse(byte[] content)
    {
        try
        {
            return JsonDocument.Parse(content);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
