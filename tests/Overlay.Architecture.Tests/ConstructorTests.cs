using System.Text.RegularExpressions;

namespace Overlay.Architecture.Tests;

/// <summary>
/// A class that makes a lab in a field guards its constructor: xunit disposes no class whose constructor throws, and
/// the namespaces and daemons of its lab would stay beside the tests behind it.
/// </summary>
public sealed partial class ConstructorTests
{
    [Fact]
    public void A_constructor_behind_a_lab_is_guarded()
    {
        string[] files = [.. Directory.GetFiles(
            Path.Combine(Document.Root, "tests"), "*.cs", SearchOption.AllDirectories).Where(IsOfALab)];
        files.Length.ShouldBeGreaterThan(20);
        files.Where(static file => !IsGuarded(File.ReadAllText(file), Path.GetFileNameWithoutExtension(file)))
            .Select(static file => Path.GetRelativePath(Document.Root, file)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(true, "public sealed class T { private readonly TwoNodes _nodes = new(); }")]
    [InlineData(true, "public T() => _netlink = _nodes.Guard(() => new RouteNetlink());")]
    [InlineData(true, "public T() => _lab.Guard(() =>\n{\n_rig = new(Node);\n});")]
    [InlineData(false, "public T() => _netlink = new RouteNetlink();")]
    [InlineData(false, "public T()\n{\n_rig = new(Node);\n}")]
    public void A_guard_is_seen_by_its_name(bool isGuarded, string text) => IsGuarded(text, "T").ShouldBe(isGuarded);

    private static bool IsOfALab(string file) => Lab().IsMatch(File.ReadAllText(file));

    private static bool IsGuarded(string text, string type)
    {
        Match constructor = Regex.Match(text, $@"public {Regex.Escape(type)}\(\)(?<body>[^;{{]*)[;{{]");
        return !constructor.Success || constructor.Groups["body"].Value.Contains(".Guard(", StringComparison.Ordinal);
    }

    [GeneratedRegex(
        @"^ *(private readonly|public|internal) (LabNetwork|TwoNodes|WiredNode|BridgeLab|UdpRig|Cluster) \w+( \{ get; \})? =",
        RegexOptions.Multiline)]
    private static partial Regex Lab();
}
