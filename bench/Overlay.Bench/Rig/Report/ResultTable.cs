using System.Text;
using Overlay.Bench.Rig.Figures;
using Overlay.Bench.Rig.Workloads;

namespace Overlay.Bench.Rig.Report;

/// <summary>The results for people: one row a metric, column and peer.</summary>
internal static class ResultTable
{
    private static readonly string[] _head =
        ["workload", "column", "peer", "median", "unit", "x kernel-vxlan", "CPU", "unit", "runs"];

    // Names to the left, figures to the right.
    private static readonly bool[] _right = [false, false, false, true, false, true, true, false, false];

    public static string Write(ResultSet results)
    {
        List<string[]> rows = [_head];
        rows.AddRange(results.Series.Select(series => Row(results, series)));
        int[] widths = [.. _head.Select((_, column) => rows.Max(row => row[column].Length))];
        StringBuilder table = new();
        string? last = null;
        foreach (string[] row in rows)
        {
            string group = $"{row[0]} {row[1]} {row[4]}";
            if (last is not null && last != group) table.Append('\n');
            last = group;
            IEnumerable<string> cells = row.Select((cell, column) =>
                _right[column] ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column]));
            table.Append(string.Join("  ", cells).TrimEnd()).Append('\n');
        }

        return table.ToString();
    }

    private static string[] Row(ResultSet results, ResultSeries series) =>
    [
        series.Metric.Workload,
        series.Column,
        series.Peer,
        Quantity.Text(series.Median),
        series.Metric.Unit,
        Quantity.Ratio(results.Ratio(series)),
        Quantity.Text(series.Cpu),
        series.Metric.CpuUnit,
        string.Join(' ', series.Samples.Select(sample => Quantity.Text(sample.Value))),
    ];
}
