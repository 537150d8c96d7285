using System.Text.RegularExpressions;

namespace Overlay.Architecture.Tests;

/// <summary>A Markdown document of this repository: its links, anchors, code spans and table rows.</summary>
internal sealed partial class Document
{
    private readonly string _text;

    /// <param name="path">From the root of the repository.</param>
    public Document(string path)
    {
        Path = path;
        FullPath = System.IO.Path.Combine(Root, path);
        Lines = File.ReadAllLines(FullPath);
        _text = Fence().Replace(string.Join('\n', Lines), "");
    }

    /// <summary>The directory of Overlay.sln.</summary>
    public static string Root { get; } = FindRoot();

    public string Path { get; }

    public string FullPath { get; }

    public IReadOnlyList<string> Lines { get; }

    /// <summary>Label and target of each link and picture outside code blocks.</summary>
    public IEnumerable<(string Label, string Target)> Links =>
        Link().Matches(_text).Select(static link => (link.Groups["label"].Value, link.Groups["target"].Value));

    /// <summary>Code spans outside code blocks; those that are the label of a link are left out.</summary>
    public IEnumerable<string> CodeSpans =>
        CodeSpan().Matches(Link().Replace(_text, "")).Select(static span => span.Groups["code"].Value);

    /// <summary>What a link may name behind its #: headings in the way of GitHub, and explicit anchors.</summary>
    public HashSet<string> Anchors =>
    [
        .. Heading().Matches(_text).Select(static heading => Slug(heading.Groups["title"].Value)),
        .. Anchor().Matches(_text).Select(static anchor => anchor.Groups["id"].Value),
    ];

    /// <summary>
    /// First cells of the rows of every table whose first column has that title, without the backticks.
    /// </summary>
    public IEnumerable<string> FirstCells(string title)
    {
        bool isInside = false;
        foreach (string line in Lines)
        {
            if (!line.StartsWith('|')) isInside = false;
            else if (line.StartsWith($"| {title} |", StringComparison.Ordinal)) isInside = true;
            else if (isInside && !line.StartsWith("| -", StringComparison.Ordinal))
                yield return line.Split('|')[1].Trim().Trim('`');
        }
    }

    public override string ToString() => Path;

    private static string Slug(string title) =>
        NoSlug().Replace(title.ToLowerInvariant().Replace("`", "", StringComparison.Ordinal), "").Replace(' ', '-');

    private static string FindRoot()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(System.IO.Path.Combine(directory.FullName, "Overlay.sln")))
            directory = directory.Parent;
        return directory?.FullName
            ?? throw new DirectoryNotFoundException($"no Overlay.sln above {AppContext.BaseDirectory}");
    }

    [GeneratedRegex("^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"\[(?<label>[^\]]*)\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("`(?<code>[^`\n]+)`")]
    private static partial Regex CodeSpan();

    [GeneratedRegex("^#+ (?<title>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("<a id=\"(?<id>[^\"]+)\">")]
    private static partial Regex Anchor();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NoSlug();
}
