using System.Text.Json.Nodes;

namespace Overlay.ControlPlane.Tests;

/// <summary>What a Kubernetes 1.36 API server answered, as recorded.</summary>
internal static class Recording
{
    public static string Text(string name) =>
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Fixtures", "kubernetes", name));

    public static byte[] Bytes(string name) =>
        File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", "kubernetes", name));

    /// <summary>The body of a recording with headers.</summary>
    public static string Body(string name)
    {
        string text = Text(name).Replace("\r\n", "\n", StringComparison.Ordinal);
        return text[(text.IndexOf("\n\n", StringComparison.Ordinal) + 2)..];
    }

    public static int StatusCode(string name) =>
        int.Parse(Text(name).Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);

    public static IReadOnlyList<string> Lines(string name) =>
        [.. Text(name).Split('\n').Where(static line => line.Length > 0)];

    /// <summary>
    /// The members of a document and the kinds of their values, all the way down: <c>/metadata/name:String</c>.
    /// </summary>
    /// <param name="document">The document.</param>
    /// <param name="isOpaque">Members whose inside is anyone's own.</param>
    public static SortedSet<string> Shape(JsonNode? document, params string[] isOpaque)
    {
        SortedSet<string> shape = new(StringComparer.Ordinal);
        Walk("", document);
        return shape;

        void Walk(string path, JsonNode? node)
        {
            if (isOpaque.Any(member => path.EndsWith("/" + member, StringComparison.Ordinal))) return;
            _ = shape.Add($"{path}:{node?.GetValueKind()}");
            if (node is JsonObject map)
            {
                foreach ((string key, JsonNode? value) in map) Walk($"{path}/{key}", value);
            }
            else if (node is JsonArray list)
            {
                foreach (JsonNode? item in list) Walk($"{path}[]", item);
            }
        }
    }
}
