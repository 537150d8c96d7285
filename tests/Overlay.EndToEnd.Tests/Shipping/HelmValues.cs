using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Overlay.EndToEnd.Tests.Shipping;

/// <summary>Values of a chart: maps, lists, strings, whole numbers, booleans; and Helm's ways to write them.</summary>
internal static partial class HelmValues
{
    /// <summary>As Go writes JSON: no spaces, keys sorted.</summary>
    public static JsonSerializerOptions Json { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads a values.yaml.</summary>
    public static IReadOnlyDictionary<string, object?> Read(string yaml)
    {
        YamlStream stream = [];
        stream.Load(new StringReader(yaml));
        return (IReadOnlyDictionary<string, object?>)Of(stream.Documents.ShouldHaveSingleItem().RootNode)!;
    }

    /// <summary>The values with some replaced: a path of keys, and the value.</summary>
    public static IReadOnlyDictionary<string, object?> With(
        this IReadOnlyDictionary<string, object?> values, string path, object? value)
    {
        string[] keys = path.Split('.', 2);
        values.ContainsKey(keys[0]).ShouldBeTrue($"{path} is in no values.yaml");
        return new SortedDictionary<string, object?>(values.ToDictionary(), StringComparer.Ordinal)
        {
            [keys[0]] = keys.Length == 1
                ? value
                : ((IReadOnlyDictionary<string, object?>)values[keys[0]]!).With(keys[1], value),
        };
    }

    /// <summary>Helm's toYaml: keys sorted, lists not indented below their key, no line end behind the last line.</summary>
    public static string Yaml(object value) => string.Join('\n', Lines(value));

    /// <summary>Helm's nindent: a line end, and each line behind so many spaces.</summary>
    public static string Indented(string text, int columns) =>
        string.Concat(text.Split('\n').Select(line => $"\n{new string(' ', columns)}{line}"));

    private static object? Of(YamlNode node) => node switch
    {
        YamlMappingNode map => new SortedDictionary<string, object?>(
            map.ToDictionary(static pair => ((YamlScalarNode)pair.Key).Value!, static pair => Of(pair.Value)),
            StringComparer.Ordinal),
        YamlSequenceNode list => list.Select(Of).ToList(),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: var text } => Plain(text),
        YamlScalarNode scalar => scalar.Value,
        _ => throw new FormatException($"{node}"),
    };

    private static object? Plain(string? text) => text switch
    {
        null or "" or "null" or "~" => null,
        "true" => true,
        "false" => false,
        _ => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            ? number
            : text,
    };

    private static IEnumerable<string> Lines(object value) => value switch
    {
        IReadOnlyDictionary<string, object?> map => map.SelectMany(static pair => pair.Value switch
        {
            IReadOnlyDictionary<string, object?> { Count: > 0 } inner =>
                Lines(inner).Select(static line => $"  {line}").Prepend($"{pair.Key}:"),
            List<object?> { Count: > 0 } list => Lines(list).Prepend($"{pair.Key}:"),
            var scalar => [$"{pair.Key}: {Scalar(scalar)}"],
        }),
        List<object?> list => list.SelectMany(static item =>
            (item is IReadOnlyDictionary<string, object?> or List<object?> ? Lines(item) : [Scalar(item)])
            .Select(static (line, i) => i == 0 ? $"- {line}" : $"  {line}")),
        _ => [Scalar(value)],
    };

    private static string Scalar(object? value) => value switch
    {
        string text when Safe().IsMatch(text) && Plain(text) is string => text,
        string text => JsonSerializer.Serialize(text, Json),
        true => "true",
        false => "false",
        long number => number.ToString(CultureInfo.InvariantCulture),
        _ => throw new FormatException($"{value} has no place in a value here"),
    };

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9._/-]*$|^[0-9]+[A-Za-z]+$")]
    private static partial Regex Safe();
}
