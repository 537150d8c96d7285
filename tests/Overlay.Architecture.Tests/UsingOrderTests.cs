using System.Text.RegularExpressions;

namespace Overlay.Architecture.Tests;

/// <summary>
/// The using directives of every file stand in the order that `dotnet format` gives them: plain ones, static ones,
/// aliases; System first in each; then by name, segment by segment. Here, because asking `dotnet format` for that alone
/// takes more time than all other checks of the format.
/// </summary>
public sealed partial class UsingOrderTests
{
    [Fact]
    public void Using_directives_are_in_order()
    {
        string[] files = [.. Files()];
        files.ShouldNotBeEmpty();
        files.Where(static file => !IsInOrder(File.ReadAllLines(file)))
            .Select(static file => Path.GetRelativePath(Document.Root, file)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(true, "using System;", "using System.Text;", "using Overlay.Wire;", "using Overlay.Wire.Values;")]
    [InlineData(true, "using Overlay.Wire;", "using static System.Math;", "using Alias = System.String;")]
    [InlineData(true, "using Overlay.Host.Files;", "using Overlay.HostTool;")]
    [InlineData(false, "using Overlay.Wire;", "using System;")]
    [InlineData(false, "using Overlay.Wire.Values;", "using Overlay.Wire;")]
    [InlineData(false, "using static System.Math;", "using Overlay.Wire;")]
    public void The_order_is_that_of_dotnet_format(bool isInOrder, params string[] lines) =>
        IsInOrder(lines).ShouldBe(isInOrder);

    private static IEnumerable<string> Files() =>
        new[] { "src", "tests", "bench" }
            .SelectMany(static folder =>
                Directory.GetFiles(Path.Combine(Document.Root, folder), "*.cs", SearchOption.AllDirectories))
            .Where(static file => !Generated().IsMatch(file));

    private static bool IsInOrder(IEnumerable<string> lines)
    {
        string[] keys = [.. lines.Select(static line => Using().Match(line)).Where(static match => match.Success).Select(KeyOf)];
        return keys.Zip(keys.Skip(1)).All(static pair => string.CompareOrdinal(pair.First, pair.Second) <= 0);
    }

    // A point sorts before all that a name may hold, so that a namespace comes before those inside it.
    private static string KeyOf(Match match)
    {
        string name = match.Groups["name"].Value;
        int kind = match.Groups["static"].Success ? 1 : match.Groups["alias"].Success ? 2 : 0;
        int isSystem = kind < 2 && SystemName().IsMatch(name) ? 0 : 1;
        return $"{kind}{isSystem}{(kind == 2 ? match.Groups["alias"].Value : name).ToUpperInvariant()}";
    }

    [GeneratedRegex(@"/(bin|obj)/")]
    private static partial Regex Generated();

    [GeneratedRegex(@"^(global )?using (?<static>static )?((?<alias>\w+) = )?(?<name>[\w.]+)(<.*>)?;$")]
    private static partial Regex Using();

    [GeneratedRegex(@"^System(\.|$)")]
    private static partial Regex SystemName();
}
