using System.Reflection;

namespace Overlay.Architecture.Tests;

/// <summary>
/// Folders use each other in one direction, and so do projects: a reader need not go round in a circle.
/// </summary>
public sealed class FolderTests
{
    // docs/architecture.md draws the same picture.
    private static readonly Dictionary<string, string[]> _projects = new()
    {
        ["Overlay.Wire"] = [],
        ["Overlay.Host"] = ["Overlay.Wire"],
        ["Overlay.Dataplane"] = ["Overlay.Wire"],
        ["Overlay.Dataplane.Linux"] = ["Overlay.Wire", "Overlay.Host", "Overlay.Dataplane"],
        ["Overlay.Dataplane.Ebpf"] = ["Overlay.Wire", "Overlay.Host", "Overlay.Dataplane"],
        ["Overlay.ControlPlane"] = ["Overlay.Wire", "Overlay.Host", "Overlay.Dataplane"],
        ["Overlay.Pods"] = ["Overlay.Wire", "Overlay.Host"],
        ["overlay"] = ["Overlay.Wire", "Overlay.Host", "Overlay.Pods"],
        ["overlayd"] = ["Overlay.Wire", "Overlay.Host", "Overlay.Dataplane", "Overlay.Dataplane.Linux", "Overlay.Dataplane.Ebpf",
            "Overlay.ControlPlane", "Overlay.Pods", "Overlay.CommandLine"],
        ["Overlay.CommandLine"] = [],
        ["overlayctl"] = ["Overlay.CommandLine", "Overlay.Wire"],
        ["Overlay.Lab"] = [],
        ["Overlay.Bench"] = ["Overlay.Wire", "Overlay.Host", "Overlay.Dataplane", "Overlay.Dataplane.Linux",
            "Overlay.ControlPlane", "Overlay.Lab", "Overlay.Testing.Kubernetes"],
        ["Overlay.Fuzzing"] = ["Overlay.Wire", "Overlay.Host", "Overlay.Dataplane", "Overlay.Dataplane.Linux",
            "Overlay.ControlPlane", "Overlay.Pods", "overlay", "overlayd", "overlayctl", "Overlay.Dataplane.Tests",
            "Overlay.Testing"],
    };

    public static TheoryData<string> Projects => [.. _projects.Keys];

    [Theory]
    [MemberData(nameof(Projects))]
    public void The_folders_of_a_project_form_no_circle(string project)
    {
        Dictionary<string, HashSet<string>> arrows = [];
        Dictionary<(string, string), string> witness = [];
        foreach ((Type from, Type to) in Arrows.Of(Assembly.Load(project))
            .Where(arrow => arrow.From.Assembly == arrow.To.Assembly))
        {
            if (from.Namespace == to.Namespace) continue;
            arrows.TryAdd(from.Namespace!, []);
            _ = arrows[from.Namespace!].Add(to.Namespace!);
            _ = witness.TryAdd((from.Namespace!, to.Namespace!), $"{from.Name} uses {to.Name}");
        }

        string[] circles =
        [
            .. from arrow in witness
               let back = PathBetween(arrow.Key.Item2, arrow.Key.Item1, arrows)
               where back is not null
               select $"{arrow.Key.Item1} -> {arrow.Key.Item2} ({arrow.Value}), which leads back by "
                   + $"{string.Join(" -> ", back)}",
        ];
        circles.ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_uses_only_those_that_the_picture_has(string project)
    {
        string[] used = [.. Assembly.Load(project).GetReferencedAssemblies().Select(static name => name.Name!)
            .Where(static name => name.StartsWith("overlay", StringComparison.OrdinalIgnoreCase))];
        used.Except(_projects[project]).ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_namespace_is_a_folder(string project)
    {
        string root = project switch
        {
            "overlay" =>
            "Overlay.Cni",
            "overlayd" => "Overlay.Daemon",
            "overlayctl" => "Overlay.Cli",
            _ => project
        };
        Assembly.Load(project).GetTypes().Where(Arrows.IsOurs).Select(static type => type.Namespace!).Distinct()
            .Where(name => name != root && !name.StartsWith(root + ".", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public void Unsafe_code_lives_with_the_system_calls_only()
    {
        string[] projects = [.. Directory.EnumerateFiles(Document.Root, "*.csproj", SearchOption.AllDirectories)
            .Where(static file => File.ReadAllText(file).Contains("<AllowUnsafeBlocks>true", StringComparison.Ordinal))
            .Select(static file => Path.GetFileNameWithoutExtension(file))];
        projects.ShouldBe(["Overlay.Host", "Overlay.Dataplane.Linux", "Overlay.Dataplane.Ebpf"], ignoreOrder: true);
    }

    [Theory]
    [InlineData("src/Overlay.Wire")]
    [InlineData("src/Overlay.Host")]
    [InlineData("src/Overlay.Dataplane")]
    [InlineData("src/Overlay.Dataplane.Linux")]
    [InlineData("src/Overlay.ControlPlane")]
    [InlineData("src/Overlay.Dataplane.Ebpf")]
    [InlineData("src/Overlay.Pods")]
    [InlineData("src/Overlay.Cni")]
    [InlineData("src/Overlay.Cli")]
    [InlineData("src/Overlay.Daemon")]
    [InlineData("bench/Overlay.Bench")]
    [InlineData("tests/Overlay.Fuzzing")]
    public void Tests_lie_in_the_folders_of_what_they_test(string product)
    {
        string tests = Path.Combine(Document.Root, "tests", Path.GetFileName(product) + ".Tests");
        Directory.EnumerateFiles(tests, "*Tests.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(tests, Path.GetDirectoryName(file)!))
            .Where(static folder => folder.Split('/')[0] is not ("bin" or "obj")).Distinct()
            .Where(folder => folder == "." || !Directory.Exists(Path.Combine(Document.Root, product, folder)))
            .ShouldBeEmpty();
    }

    private static List<string>? PathBetween(string from, string to, Dictionary<string, HashSet<string>> arrows)
    {
        Queue<List<string>> paths = new([[from]]);
        HashSet<string> seen = [from];
        while (paths.TryDequeue(out List<string>? path))
        {
            if (path[^1] == to) return path;
            foreach (string next in arrows.GetValueOrDefault(path[^1], []).Where(seen.Add))
                paths.Enqueue([.. path, next]);
        }

        return null;
    }
}
