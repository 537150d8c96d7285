using System.Text.Json;
using System.Text.Json.Nodes;
using Overlay.Bench.Rig.Figures;
using Overlay.Bench.Rig.Workloads;

namespace Overlay.Bench.Rig.Report;

/// <summary>The results for programs: an array with one object a metric, column and peer.</summary>
internal static class ResultJson
{
    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true };

    public static string Write(ResultSet results) =>
        new JsonArray([.. results.Series.Select(series => Entry(results, series))]).ToJsonString(_indented) + "\n";

    private static JsonObject Entry(ResultSet results, ResultSeries series) => new()
    {
        ["workload"] = series.Metric.Workload,
        ["column"] = series.Column,
        ["peer"] = series.Peer,
        ["median"] = Statistics.Rounded(series.Median),
        ["unit"] = series.Metric.Unit,
        ["ratioToKernelVxlan"] = results.Ratio(series) is double ratio ? Statistics.Rounded(ratio) : null,
        ["cpu"] = Statistics.Rounded(series.Cpu),
        ["runs"] = new JsonArray(
            [.. series.Samples.Select(sample => (JsonNode)Statistics.Rounded(sample.Value))]),
    };
}
