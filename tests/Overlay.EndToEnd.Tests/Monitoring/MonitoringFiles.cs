using System.Text.Json;
using System.Text.RegularExpressions;
using Overlay.EndToEnd.Tests.Shipping;

namespace Overlay.EndToEnd.Tests.Monitoring;

/// <summary>The dashboard and the rules in deploy/monitoring, and the table of metrics in the documents.</summary>
internal static partial class MonitoringFiles
{
    public static string RulesPath { get; } =
        Path.Combine(Repository.Root, "deploy", "monitoring", "overlay-alerts.yaml");

    /// <summary>Panel and query of each query of the dashboard, its variables replaced as Grafana does.</summary>
    public static IReadOnlyList<(string Panel, string Query)> DashboardQueries()
    {
        string path = Path.Combine(Repository.Root, "deploy", "monitoring", "overlay-dashboard.json");
        using JsonDocument dashboard = JsonDocument.Parse(File.ReadAllText(path));
        return
        [
            .. from panel in dashboard.RootElement.GetProperty("panels").EnumerateArray()
               where panel.TryGetProperty("targets", out _)
               from target in panel.GetProperty("targets").EnumerateArray()
               select (panel.GetProperty("title").GetString()!, target.GetProperty("expr").GetString()!
                   .Replace("$__rate_interval", "10s", StringComparison.Ordinal)
                   .Replace("$instance", ".*", StringComparison.Ordinal)),
        ];
    }

    /// <summary>Type and names of labels of each metric in the table of docs/host.md.</summary>
    public static SortedDictionary<string, string> Documented() => new(
        File.ReadLines(Path.Combine(Repository.Root, "docs", "host.md"))
            .Select(static line => Row().Match(line)).Where(static row => row.Success)
            .ToDictionary(
                static row => row.Groups["name"].Value,
                static row => $"{row.Groups["type"].Value} {string.Join(
                    ' ', Code().Matches(row.Groups["labels"].Value).Select(static code => code.Groups["name"].Value)
                        .Order(StringComparer.Ordinal))}".Trim()),
        StringComparer.Ordinal);

    /// <summary>The same of an exposition.</summary>
    public static SortedDictionary<string, string> Exposed(string exposition)
    {
        SortedDictionary<string, string> metrics = new(StringComparer.Ordinal);
        (string name, string type) = ("", "");
        foreach (string line in exposition.Split('\n'))
        {
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal)) (name, type) = (line.Split(' ')[2], line.Split(' ')[3]);
            if (line.Length == 0 || line[0] == '#') continue;
            IEnumerable<string> labels = Label().Matches(line).Select(static label => label.Groups["name"].Value)
                .Where(static label => label != "le").Order(StringComparer.Ordinal);
            metrics[name] = $"{type} {string.Join(' ', labels)}".Trim();
        }

        return metrics;
    }

    [GeneratedRegex(@"^\| `(?<name>(overlay|dotnet)_\w+)` \| (?<type>counter|gauge|histogram) \| (?<labels>[^|]*)\|")]
    private static partial Regex Row();

    [GeneratedRegex("`(?<name>\\w+)`")]
    private static partial Regex Code();

    [GeneratedRegex("[{,](?<name>\\w+)=\"[^\"]*\"")]
    private static partial Regex Label();
}
