using Overlay.Daemon.Options;
using Overlay.Testing;

namespace Overlay.Daemon.Tests;

/// <summary>
/// The tables of docs/configuration.md are those of the readers: no key is missing, none too many, none described
/// otherwise.
/// </summary>
/// <remarks>
/// With UPDATE_DOCUMENTS=1 the rows are written anew by what the readers say; a new key still needs a row that begins
/// with its name.
/// </remarks>
public class ConfigurationDocumentTests
{
    private const string Header = "| Key | Type | Default | Example | Meaning |";

    private static readonly string _path = Path.Combine(SourceTree.Root, "docs", "configuration.md");

    [Fact]
    public void Every_key_has_one_row_and_every_row_a_key() =>
        Rows(File.ReadAllLines(_path)).Select(static row => row.Key)
            .ShouldBe(ConfigurationKeys.All.Select(static key => key.Path), ignoreOrder: true);

    [Fact]
    public void A_row_says_what_the_reader_says()
    {
        string[] lines = File.ReadAllLines(_path);
        Dictionary<string, ConfigurationKey> keys =
            ConfigurationKeys.All.ToDictionary(static key => key.Path, StringComparer.Ordinal);
        List<string> wrong = [];
        foreach ((int line, string path) in Rows(lines).Where(row => keys.ContainsKey(row.Key)))
        {
            string right = Format(keys[path]);
            if (lines[line] == right) continue;
            wrong.Add(right);
            lines[line] = right;
        }

        if (Environment.GetEnvironmentVariable("UPDATE_DOCUMENTS") == "1") File.WriteAllLines(_path, lines);
        else wrong.ShouldBeEmpty();
    }

    [Fact]
    public void The_error_of_every_type_is_described()
    {
        string types = File.ReadAllText(_path).Split("## Types of values")[1].Split("\n## ")[0];
        ConfigurationKeys.All.Select(static key => Kind(key.Type))
            .Distinct().Where(type => !types.Contains(type, StringComparison.Ordinal)).ShouldBeEmpty();
    }

    private static string Kind(string type) => type switch
    {
        _ when type.StartsWith("whole number from ", StringComparison.Ordinal) => "| whole number from … to … |",
        _ when type.StartsWith("one of ", StringComparison.Ordinal) => "| one of several names |",
        _ when type.StartsWith("list of None, ", StringComparison.Ordinal) => "| list of names: offloads |",
        _ when type.StartsWith("IPv", StringComparison.Ordinal) =>
            $"{type},".Replace("6", "4", StringComparison.Ordinal),
        _ => $"| {type} |",
    };

    private static string Format(ConfigurationKey key) =>
        $"| `{key.Path["Overlay:".Length..]}` | {key.Type} | {(key.Default.Length > 0 ? key.Default : "none")} | "
        + $"`{key.Example}` | {key.Meaning} |";

    private static IEnumerable<(int Line, string Key)> Rows(string[] lines)
    {
        bool isInside = false;
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i] == Header) isInside = true;
            else if (!lines[i].StartsWith('|')) isInside = false;
            else if (isInside && lines[i].StartsWith("| `", StringComparison.Ordinal))
                yield return (i, $"Overlay:{lines[i].Split('`')[1]}");
        }
    }
}
