using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Overlay.EndToEnd.Tests.Shipping;

/// <summary>
/// Renders the part of Go's text/template and of Helm's functions that the chart keeps to; anything else throws, so
/// that the chart stays within what is checked here.
/// </summary>
/// <remarks>
/// Actions: if, else, end, with, define, include, comments, trimming by {{- and -}}. Functions: not, quote, default,
/// int, toJson, toYaml, nindent, sha256sum, semverCompare, fail. Values: maps, lists, strings, whole numbers, booleans.
/// </remarks>
internal sealed partial class HelmTemplate
{
    private readonly Dictionary<string, IReadOnlyList<Node>> _defined = new(StringComparer.Ordinal);

    /// <summary>The text of one file with the values in their places.</summary>
    public string Render(string text, object root) => Render(Parse(text), root);

    /// <summary>Takes over the definitions of a file.</summary>
    public void Define(string text) => _ = Parse(text);

    private List<Node> Parse(string text)
    {
        Queue<Node> tokens = new(Tokens(text));
        List<Node> nodes = Block(tokens, out string end);
        return end.Length == 0 ? nodes : throw new FormatException($"{end} without a block");
    }

    private static IEnumerable<Node> Tokens(string text)
    {
        int at = 0;
        bool trims = false;
        foreach (Match match in Action().Matches(text))
        {
            string before = text[at..match.Index];
            if (trims) before = before.TrimStart();
            if (match.Groups["left"].Success) before = before.TrimEnd();
            yield return new Node.Text(before);
            string action = match.Groups["action"].Value.Trim();
            if (!action.StartsWith("/*", StringComparison.Ordinal)) yield return new Node.Action(action);
            trims = match.Groups["right"].Success;
            at = match.Index + match.Length;
        }

        yield return new Node.Text(trims ? text[at..].TrimStart() : text[at..]);
    }

    // Up to the action that ends the block, which is taken too.
    private List<Node> Block(Queue<Node> tokens, out string end)
    {
        List<Node> nodes = [];
        while (tokens.TryDequeue(out Node? token))
        {
            if (token is not Node.Action { Words: var words })
            {
                nodes.Add(token);
                continue;
            }

            (string name, string rest) = words.Split(' ', 2) is [var first, var second] ? (first, second) : (words, "");
            switch (name)
            {
                case "end" or "else" when rest.Length == 0:
                    end = name;
                    return nodes;
                case "if" or "with":
                    List<Node> then = Block(tokens, out string closing);
                    List<Node> otherwise = closing == "else" ? Block(tokens, out closing) : [];
                    nodes.Add(closing == "end"
                        ? new Node.Choice(rest, name == "with", then, otherwise)
                        : throw new FormatException($"{words} has no end"));
                    break;
                case "define":
                    _defined.Add(rest.Trim('"'), Block(tokens, out _));
                    break;
                default:
                    nodes.Add(token);
                    break;
            }
        }

        end = "";
        return nodes;
    }

    private string Render(IEnumerable<Node> nodes, object dot, object? root = null)
    {
        root ??= dot;
        StringBuilder text = new();
        foreach (Node node in nodes)
        {
            _ = text.Append(node switch
            {
                Node.Text plain => plain.Value,
                Node.Choice choice => Choose(choice, dot, root),
                Node.Action action => TextOf(Evaluate(action.Words, dot, root)),
                _ => throw new FormatException($"{node}"),
            });
        }

        return text.ToString();
    }

    private string Choose(Node.Choice choice, object dot, object root)
    {
        object? condition = Evaluate(choice.Condition, dot, root);
        return IsTrue(condition)
            ? Render(choice.Then, choice.IsDot ? condition! : dot, root)
            : Render(choice.Otherwise, dot, root);
    }

    private object? Evaluate(string pipeline, object dot, object root)
    {
        object? value = null;
        bool isFirst = true;
        foreach (string stage in pipeline.Split(" | "))
        {
            string[] words = [.. Word().Matches(stage).Select(static match => match.Value)];
            List<object?> arguments = [.. words.Skip(1).Select(word => ValueOf(word, dot, root))];
            if (!isFirst) arguments.Add(value);
            value = isFirst && words.Length == 1 ? ValueOf(words[0], dot, root) : Call(words[0], arguments);
            isFirst = false;
        }

        return value;
    }

    private object? Call(string function, IReadOnlyList<object?> arguments) => (function, arguments) switch
    {
        ("not", [var value]) => !IsTrue(value),
        ("include", [string name, { } dot]) => Render(_defined[name], dot),
        ("quote", [string text]) => JsonSerializer.Serialize(text, HelmValues.Json),
        ("default", [var other, var value]) => IsTrue(value) ? value : other,
        ("int", [long number]) => number,
        ("toJson", [var value]) => JsonSerializer.Serialize(value, HelmValues.Json),
        ("toYaml", [{ } value]) => HelmValues.Yaml(value),
        ("nindent", [long columns, string text]) => HelmValues.Indented(text, (int)columns),
        ("semverCompare", [string range, string version]) => IsBelow(range, version),
        ("fail", [string message]) => throw new InvalidOperationException(message),
        ("sha256sum", [string text]) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))),
        _ => throw new FormatException($"{function} of {arguments.Count} is not in the part of Helm checked here"),
    };

    // Ranges are those of Masterminds, in one form: below a release, its pre-releases included.
    private static bool IsBelow(string range, string version) => BelowRelease().Match(range) is { Success: true } match
        ? System.Version.Parse(version.TrimStart('v').Split('-')[0]) < System.Version.Parse(match.Groups[1].Value)
        : throw new FormatException($"{range} is not in the part of Helm checked here");

    private static object? ValueOf(string word, object dot, object root)
    {
        if (word == ".") return dot;
        if (word.StartsWith('"')) return word.Trim('"');
        if (long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out long number)) return number;
        if (!word.StartsWith('.')) throw new FormatException($"{word} is no value");

        // Within a block of `with` the dot is another; the chart uses only the dot itself there.
        object? value = ReferenceEquals(dot, root)
            ? root
            : throw new FormatException($"{word} within a block of with");
        foreach (string key in word[1..].Split('.'))
        {
            value = value is IReadOnlyDictionary<string, object?> map && map.TryGetValue(key, out object? next)
                ? next
                : throw new FormatException($"{word} is in no values.yaml");
        }

        return value;
    }

    private static bool IsTrue(object? value) => value switch
    {
        null or false or 0L or "" => false,
        IReadOnlyCollection<object?> list => list.Count > 0,
        IReadOnlyDictionary<string, object?> map => map.Count > 0,
        _ => true,
    };

    private static string TextOf(object? value) => value switch
    {
        string text => text,
        long number => number.ToString(CultureInfo.InvariantCulture),
        bool flag => flag ? "true" : "false",
        _ => throw new FormatException($"{value} has no text"),
    };

    [GeneratedRegex(@"\{\{(?<left>-\s)?(?<action>.*?)(?<right>\s-)?\}\}", RegexOptions.Singleline)]
    private static partial Regex Action();

    [GeneratedRegex("^<([0-9.]+)-0$")]
    private static partial Regex BelowRelease();

    [GeneratedRegex("\"[^\"]*\"|[^\\s\"]+")]
    private static partial Regex Word();

    private abstract record Node
    {
        public sealed record Text(string Value) : Node;

        public sealed record Action(string Words) : Node;

        public sealed record Choice(
            string Condition, bool IsDot, IReadOnlyList<Node> Then, IReadOnlyList<Node> Otherwise) : Node;
    }
}
