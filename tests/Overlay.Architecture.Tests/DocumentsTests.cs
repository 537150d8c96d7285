using System.Reflection;
using System.Text.RegularExpressions;
using Overlay.Dataplane.Packets;

namespace Overlay.Architecture.Tests;

/// <summary>The documents name files, types, headings and drop reasons that exist.</summary>
/// <remarks>
/// The notation: a file is a relative link. On the architecture page a link to a file of code has the name of a type in
/// it as its label; any other code span there that looks like a name of C# is a type, or a type and one of its members.
/// </remarks>
public sealed partial class DocumentsTests
{
    private const string Architecture = "docs/architecture.md";
    private const int MostReadmeLines = 120;

    private static readonly string[] _atRoot = ["README.md", "CONTRIBUTING.md", "SECURITY.md"];

    public static TheoryData<string> Documents =>
    [
        .. _atRoot,
        .. Directory.GetFiles(Path.Combine(Document.Root, "docs"), "*.md")
        .Select(static path => Path.GetRelativePath(Document.Root, path)).Order(),
    ];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_link_leads_to_a_file_and_a_heading_that_exist(string path)
    {
        Document document = new(path);
        List<string> broken = [];
        foreach ((_, string target) in document.Links.Where(
            static link => !link.Target.Contains("://", StringComparison.Ordinal)))
        {
            string[] parts = target.Split('#', 2);
            string file = parts[0].Length == 0
                ? document.FullPath
                : Path.GetFullPath(parts[0], Path.GetDirectoryName(document.FullPath)!);
            if (!File.Exists(file) && !Directory.Exists(file)) broken.Add($"{target}: no such file");
            else if (parts.Length == 2
                && !new Document(Path.GetRelativePath(Document.Root, file)).Anchors.Contains(parts[1]))
                broken.Add($"{target}: no such heading");
        }

        broken.ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_path_in_a_code_span_exists(string path) =>
        new Document(path).CodeSpans.Select(static span => RepositoryPath().Match(span))
            .Where(static match => match.Success && !Path.Exists(Path.Combine(Document.Root, match.Value.TrimEnd('/'))))
            .Select(static match => match.Value).ShouldBeEmpty();

    [Fact]
    public void A_link_to_a_file_of_code_names_a_type_in_it()
    {
        Document document = new(Architecture);
        List<string> wrong = [];
        foreach ((string label, string target) in document.Links.Where(
            static link => link.Target.EndsWith(".cs", StringComparison.Ordinal)))
        {
            string name = label.Trim('`');
            string file = Path.GetFullPath(target, Path.GetDirectoryName(document.FullPath)!);
            bool isProgram = name == "Program" && Path.GetFileName(file) == "Program.cs";
            if (!isProgram
                && !Regex.IsMatch(
                    File.ReadAllText(file),
                    $@"\b(class|struct|record|interface|enum) {Regex.Escape(name)}\b")) wrong.Add(
                        $"{name} is no type in {target}");
        }

        wrong.ShouldBeEmpty();
        document.Links.Count(static link => link.Target.EndsWith(".cs", StringComparison.Ordinal))
            .ShouldBeGreaterThan(50);
    }

    [Fact]
    public void A_name_of_code_on_the_architecture_page_is_a_type_or_its_member()
    {
        ILookup<string, Type> types = FolderTests.Projects.Cast<object[]>()
            .SelectMany(static row => Assembly.Load((string)row[0]).GetTypes())
            .Where(Arrows.IsOurs).ToLookup(static type => type.Name.Split('`')[0], StringComparer.Ordinal);
        List<string> unknown = [];
        foreach (string span in new Document(Architecture).CodeSpans.Where(static span => CodeName().IsMatch(span)))
        {
            string[] parts = span.TrimEnd('(', ')').Split('.');
            bool isKnown = types[parts[0].Split('<')[0]]
                .Any(type => parts.Length == 1 || type.GetMembers(Members).Any(member => member.Name == parts[1]));
            if (!isKnown) unknown.Add(span);
        }

        unknown.ShouldBeEmpty();
    }

    [Fact]
    public void The_readme_is_short_and_leads_to_every_page()
    {
        Document readme = new("README.md");
        readme.Lines.Count.ShouldBeLessThanOrEqualTo(MostReadmeLines);
        string[] pages = [.. Documents.Cast<object[]>()
            .Select(static row => (string)row[0]).Where(static path => path != "README.md")];
        pages.Except(readme.Links.Select(static link => link.Target.Split('#')[0])).ShouldBeEmpty();
    }

    [Fact]
    public void The_table_of_drop_reasons_has_every_reason_and_no_other() =>
        new Document("docs/troubleshooting.md").FirstCells("Reason").ShouldBe(
            Enum.GetNames<DropReason>().Where(static name => name != nameof(DropReason.None)), ignoreOrder: true);

    private const BindingFlags Members =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance;

    [GeneratedRegex(@"(?<![\w/.-])(src|tests|bench|deploy|docs)/[\w./-]+(?![\w./*<…-])")]
    private static partial Regex RepositoryPath();

    [GeneratedRegex(@"^[A-Z][a-z0-9]+[A-Za-z0-9]*[A-Z][A-Za-z0-9]*(<T>)?(\.[A-Z]\w+(\(\))?)?$")]
    private static partial Regex CodeName();
}
