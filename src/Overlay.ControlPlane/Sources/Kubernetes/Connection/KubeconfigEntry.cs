using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Overlay.ControlPlane.Sources.Kubernetes.Credentials;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Overlay.ControlPlane.Sources.Kubernetes.Connection;

/// <summary>A map of a kubeconfig. Immutable.</summary>
/// <param name="File">The kubeconfig's absolute path, from whose directory relative paths are.</param>
/// <param name="Node">The map.</param>
internal sealed record KubeconfigEntry(string File, YamlMappingNode Node)
{
    /// <summary>A text; null where there is none. An empty one is as good as absent: kubectl writes some.</summary>
    public string? Text(string key) => Find(key) is YamlScalarNode { Value: { Length: > 0 } text } ? text : null;

    public bool Has(string key) => Find(key) is not null and not YamlScalarNode { Value: null or "" or "null" or "~" };

    /// <summary>The map below that key; null where there is none.</summary>
    public KubeconfigEntry? Map(string key) => Find(key) is YamlMappingNode map ? new(File, map) : null;

    /// <summary>The maps of the list below that key.</summary>
    public IEnumerable<KubeconfigEntry> List(string key) =>
        (Find(key) as YamlSequenceNode ?? []).OfType<YamlMappingNode>().Select(map => new KubeconfigEntry(File, map));

    /// <summary>The texts of the list below that key, as they are: empty ones too.</summary>
    public IEnumerable<string> Texts(string key) =>
        (Find(key) as YamlSequenceNode ?? []).OfType<YamlScalarNode>().Select(static text => text.Value ?? "");

    /// <summary>A path, from the kubeconfig's directory on.</summary>
    public string PathOf(string path) => Path.Combine(Path.GetDirectoryName(File)!, path);

    /// <summary>PEM text in the data beside that key, else in the file that it names.</summary>
    /// <exception cref="InvalidDataException">The data are not base64.</exception>
    public PemSource? Pem(string key)
    {
        if (Text(key + "-data") is not { } data) return Text(key) is { } path ? new(PathOf(path), null) : null;
        try
        {
            return new(null, Encoding.UTF8.GetString(Convert.FromBase64String(data)));
        }
        catch (FormatException)
        {
            throw Wrong($"{key}-data is not base64 of PEM text such as LS0tLS1CRUdJTi…");
        }
    }

    /// <summary>The value of that key, as JSON.</summary>
    public JsonNode? Json(string key) => Json(Find(key));

    public InvalidDataException Wrong(string what) => new($"kubeconfig {File}: {what}");

    private YamlNode? Find(string key) =>
        Node.Children.TryGetValue(new YamlScalarNode(key), out YamlNode? value) ? value : null;

    private static JsonNode? Json(YamlNode? node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(static entry =>
            KeyValuePair.Create(((YamlScalarNode)entry.Key).Value ?? "", Json(entry.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Select(Json)]),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: { } text } => Plain(text),
        YamlScalarNode text => JsonValue.Create(text.Value ?? ""),
        _ => null,
    };

    private static JsonValue? Plain(string text) => text switch
    {
        "" or "null" or "~" => null,
        "true" or "false" => JsonValue.Create(text == "true"),
        _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole) =>
            JsonValue.Create(whole),
        _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            && double.IsFinite(number) => JsonValue.Create(number),
        _ => JsonValue.Create(text),
    };
}
