namespace Overlay.EndToEnd.Tests.Shipping;

/// <summary>The chart of deploy/helm, rendered for the namespace <c>overlay</c>.</summary>
internal sealed class HelmChart
{
    private static readonly string _root = Path.Combine(Repository.Root, "deploy", "helm", "overlay");

    private readonly HelmTemplate _template = new();
    private readonly IReadOnlyDictionary<string, object?> _chart = HelmValues.Read(Text("Chart.yaml"));

    public HelmChart() => _template.Define(Text("templates", "_helpers.tpl"));

    public static IReadOnlyDictionary<string, object?> Values => HelmValues.Read(Text("values.yaml"));

    public static string[] Files =>
        [.. Directory.GetFiles(Path.Combine(_root, "templates"), "*.yaml").Select(Path.GetFileName).OfType<string>()];

    public string Version => (string)_chart["version"]!;

    public string AppVersion => (string)_chart["appVersion"]!;

    /// <summary>The cluster's version.</summary>
    public string KubernetesVersion { get; init; } = "v1.36.2";

    /// <summary>The rendering of those templates, those without a text left out, in one file.</summary>
    public string Render(IReadOnlyDictionary<string, object?> values, params string[] templates)
    {
        SortedDictionary<string, object?> root = new(StringComparer.Ordinal)
        {
            ["Values"] = values,
            ["Chart"] = new SortedDictionary<string, object?>(StringComparer.Ordinal) { ["AppVersion"] = AppVersion },
            ["Capabilities"] = HelmValues.Read($"KubeVersion: {{ Version: {KubernetesVersion} }}"),
            ["Release"] = new SortedDictionary<string, object?>(StringComparer.Ordinal) { ["Namespace"] = "overlay" },
        };
        return string.Join("---\n", templates.Select(file => _template.Render(Text("templates", file), root))
            .Where(static text => text.Trim().Length > 0));
    }

    /// <summary>A file of the chart.</summary>
    public static string Text(params string[] path) => File.ReadAllText(Path.Combine([_root, .. path]));
}
