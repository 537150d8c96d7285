using System.Text.Json;

namespace Overlay.Cli.Output;

/// <summary>The daemon's answers, for programs and as parts of a screen.</summary>
internal static class Json
{
    /// <summary>Prints an answer as the daemon wrote it.</summary>
    public static void Write(JsonElement answer) => Console.WriteLine(answer.GetRawText());

    /// <summary>The part at that path, as <c>underlay.mtu</c>; null where the daemon's version has none.</summary>
    public static JsonElement? At(this JsonElement element, string path)
    {
        JsonElement found = element;
        foreach (string name in path.Split('.'))
        {
            if (found.ValueKind != JsonValueKind.Object || !found.TryGetProperty(name, out JsonElement part))
                return null;
            found = part;
        }

        return found.ValueKind == JsonValueKind.Null ? null : found;
    }

    /// <summary>The text or number at that path; null where there is none.</summary>
    public static string? Text(this JsonElement element, string path) => element.At(path)?.ToString();

    /// <summary>The number at that path; zero where there is none.</summary>
    public static double Number(this JsonElement element, string path) =>
        element.At(path) is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : 0;

    /// <summary>The texts of the list at that path; none where there is no list.</summary>
    public static IReadOnlyList<string> Texts(this JsonElement element, string path) =>
        [.. element.Items(path).Select(static item => item.ToString())];

    /// <summary>The list at that path; empty where there is none.</summary>
    public static IReadOnlyList<JsonElement> Items(this JsonElement element, string path) =>
        element.At(path) is { ValueKind: JsonValueKind.Array } list ? [.. list.EnumerateArray()] : [];
}
