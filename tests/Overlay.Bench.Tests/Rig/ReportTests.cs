using System.Text.Json;
using System.Xml.Linq;
using Overlay.Bench.Rig.Report;

namespace Overlay.Bench.Tests.Rig;

public class ReportTests
{
    [Fact]
    public void The_json_has_one_object_a_metric_column_and_peer()
    {
        JsonElement[] entries =
            [.. JsonDocument.Parse(
                ResultJson.Write(Samples.Results("kernel-vxlan", "overlay"))).RootElement.EnumerateArray()];
        entries.Length.ShouldBe(8);
        foreach (JsonElement entry in entries)
        {
            entry.EnumerateObject().Select(property => property.Name).ShouldBe(
                ["workload", "column", "peer", "median", "unit", "ratioToKernelVxlan", "cpu", "runs"]);
        }

        JsonElement overlay = entries[1];
        overlay.GetProperty("workload").GetString().ShouldBe("tcp-1");
        overlay.GetProperty("column").GetString().ShouldBe("no-wire");
        overlay.GetProperty("peer").GetString().ShouldBe("overlay");
        overlay.GetProperty("median").GetDouble().ShouldBe(16);
        overlay.GetProperty("unit").GetString().ShouldBe("Gbit/s");
        overlay.GetProperty("ratioToKernelVxlan").GetDouble().ShouldBe(0.8);
        overlay.GetProperty("cpu").GetDouble().ShouldBe(32);
        overlay.GetProperty("runs").EnumerateArray().Select(run => run.GetDouble()).ShouldBe([8, 16, 24]);
    }

    [Fact]
    public void Without_kernel_vxlan_there_are_no_ratios()
    {
        ResultSet results = Samples.Results("overlay");
        JsonDocument.Parse(ResultJson.Write(results)).RootElement[0]
            .GetProperty("ratioToKernelVxlan").ValueKind.ShouldBe(JsonValueKind.Null);
        ResultTable.Write(results).ShouldContain(" - ");
        ResultChart.Write(results, "").ShouldNotContain("NaN");
    }

    [Fact]
    public void The_table_has_a_row_for_each_and_aligned_columns()
    {
        string[] rows = ResultTable.Write(Samples.Results("kernel-vxlan", "overlay"))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        rows.Length.ShouldBe(9);
        int ratio = rows[0].IndexOf("x kernel-vxlan", StringComparison.Ordinal) + "x kernel-vxlan".Length - 4;
        rows[1].ShouldStartWith("tcp-1");
        rows[1][ratio..].ShouldStartWith("1.00");
        rows[2][ratio..].ShouldStartWith("0.80");
    }

    [Fact]
    public void The_chart_is_an_svg_with_a_panel_a_metric_and_column()
    {
        XElement svg =
            XDocument.Parse(ResultChart.Write(Samples.Results("kernel-vxlan", "overlay"), "a < b & c")).Root!;
        XNamespace ns = "http://www.w3.org/2000/svg";
        svg.Name.ShouldBe(ns + "svg");
        svg.Elements(ns + "g").Count().ShouldBe(4);
        string[] texts = [.. svg.Descendants(ns + "text").Select(text => text.Value)];
        texts.ShouldContain("a < b & c");
        texts.ShouldContain("tcp-1 Gbit/s, wire-like");
        texts.ShouldContain("0.80 × (16.0)");
        texts.Count(text => text == "lower is better").ShouldBe(2);
    }
}
