using System.Text.Json;
using System.Text.Json.Nodes;
using Overlay.Daemon.Options;
using Overlay.Host.Files;
using Overlay.Pods.Attachments;

namespace Overlay.Daemon.CniInstall;

/// <summary>The configuration that tells container runtimes to call the plugin.</summary>
/// <remarks>What others have written may be anything: a file that is no JSON no runtime goes by.</remarks>
internal static class CniConflist
{
    // Behind flannel's and before those of bridge and the like.
    public const string FileName = "10-overlay.conflist";

    public const string PluginType = "overlay";
    public const string PortmapType = "portmap";

    /// <summary>The network's name, flannel's: what host-local keeps under it, this node's pods keep.</summary>
    public const string NetworkName = "cbr0";

    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true };

    /// <summary>The file's content.</summary>
    /// <param name="options">Whether subnet.env, records or socket are elsewhere than the plugin expects them.</param>
    /// <param name="chain">A plugin that is missing, or refuses a version, would fail every pod.</param>
    public static byte[] Format(CniInstallOptions options, CniChain chain)
    {
        JsonObject plugin = new() { ["type"] = PluginType };
        if (options.SubnetFile != NodePaths.SubnetFile) plugin["subnetFile"] = options.SubnetFile;
        JsonArray plugins = [plugin];
        if (options.StateDirectory != AttachmentRecords.DefaultDirectory)
            plugin["stateDirectory"] = options.StateDirectory;
        if (options.AdminSocket != NodePaths.AdminSocket) plugin["adminSocket"] = options.AdminSocket;
        if (chain.HasPortmap)
            plugins.Add((JsonNode)new JsonObject
            {
                ["type"] = PortmapType,
                ["capabilities"] = new JsonObject { ["portMappings"] = true }
            });

        JsonObject conflist = new()
        {
            ["cniVersion"] = chain.Version,
            ["cniVersions"] = new JsonArray([.. chain.Versions.Select(static version => (JsonNode)version)]),
            ["name"] = NetworkName,
            ["plugins"] = plugins,
        };
        return [.. JsonSerializer.SerializeToUtf8Bytes(conflist, _indented), (byte)'\n'];
    }

    /// <summary>
    /// The chain of a file that is what <see cref="Format"/> writes, be it with other paths of the daemon; null of a
    /// file that somebody has changed.
    /// </summary>
    public static CniChain? ChainOf(byte[] content, CniInstallOptions options) => Read<CniChain?>(content, null, root =>
    {
        if (PluginsOf(root) is not [{ } plugin, ..] plugins) return null;
        CniChain chain = new(plugins.Count > 1, Texts(root, "cniVersions"));
        CniInstallOptions written = options with
        {
            SubnetFile = Text(plugin, "subnetFile") ?? NodePaths.SubnetFile,
            StateDirectory = Text(plugin, "stateDirectory") ?? AttachmentRecords.DefaultDirectory,
            AdminSocket = Text(plugin, "adminSocket") ?? NodePaths.AdminSocket,
        };
        return chain.Versions.Count > 0 && content.AsSpan().SequenceEqual(Format(written, chain)) ? chain : null;
    });

    /// <summary>The types of the plugins that a runtime calls by it; none where no runtime could go by it.</summary>
    public static string[] TypesIn(byte[] content) => Read<string[]>(content, [], static root =>
        [.. PluginsOf(root).Select(static plugin => Text(plugin, "type")).OfType<string>()]);

    /// <summary>
    /// The configuration that a runtime gives to a plugin of the list; null where the list has none of that type.
    /// </summary>
    /// <param name="content">The list.</param>
    /// <param name="type">The plugin's type.</param>
    /// <param name="version">The version that the runtime goes by.</param>
    public static string? ConfigurationOf(byte[] content, string type, string version) => Read<string?>(content, null, root =>
    {
        if (PluginsOf(root).FirstOrDefault(plugin => Text(plugin, "type") == type) is not
            { ValueKind: JsonValueKind.Object } found) return null;
        JsonObject configuration = JsonObject.Create(found)!;
        configuration["cniVersion"] = version;
        configuration["name"] = Text(root, "name");
        return configuration.ToJsonString();
    });

    /// <summary>The versions that a runtime may call them with.</summary>
    public static string[] VersionsIn(byte[] content) => Read<string[]>(content, [], static root =>
        [.. Texts(root, "cniVersions").Append(Text(root, "cniVersion")).OfType<string>().Distinct()]);

    /// <summary>
    /// Whether a runtime that goes by it calls the plugin, be it through another one that has a configuration of ours
    /// in its own.
    /// </summary>
    public static bool CallsPlugin(byte[] content) => Read(content, false, Calls);

    private static bool Calls(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => Text(element, "type") == PluginType
            || element.EnumerateObject().Any(static property => Calls(property.Value)),
        JsonValueKind.Array => element.EnumerateArray().Any(Calls),
        _ => false,
    };

    private static IReadOnlyList<JsonElement> PluginsOf(JsonElement root) =>
        [.. Items(root, "plugins").Where(static plugin => plugin.ValueKind == JsonValueKind.Object)];

    private static IReadOnlyList<string> Texts(JsonElement element, string key) =>
        [.. Items(element, key).Where(static item => item.ValueKind == JsonValueKind.String)
            .Select(static item => item.GetString()!)];

    private static IReadOnlyList<JsonElement> Items(JsonElement element, string key) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(key, out JsonElement value)
            && value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [];

    private static string? Text(JsonElement element, string key) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(key, out JsonElement value)
            && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static T Read<T>(byte[] content, T otherwise, Func<JsonElement, T> read)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(content);
            return read(document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Half a surrogate pair is JSON, and no text.
            return otherwise;
        }
    }
}
