using System.Security;
using System.Text;
using Overlay.Bench.Rig.Figures;

namespace Overlay.Bench.Rig.Report;

/// <summary>
/// The results as an SVG: a panel a metric and column, a bar a peer, as long as its ratio to the kernel's VXLAN.
/// </summary>
internal static class ResultChart
{
    private const int Margin = 16;
    private const int PanelWidth = 480;
    private const int PanelHead = 34;
    private const int BarStep = 24;
    private const int BarHeight = 16;
    private const int NameWidth = 136;
    private const int BarWidth = 220;
    private const int TitleHeight = 58;
    private const string Own = "overlay";

    public static string Write(ResultSet results, string caption)
    {
        ResultSeries[][] panels =
        [
            .. results.Series.GroupBy(series => (series.Metric, series.Column)).Select(panel => panel.ToArray()),
        ];
        string[] columns = [.. panels.Select(panel => panel[0].Column).Distinct()];
        int rows = panels.Select(panel => panel[0].Metric).Distinct().Count();
        int bars = panels.Length == 0 ? 0 : panels.Max(panel => panel.Length);
        int panelHeight = PanelHead + (bars * BarStep) + 8;
        int width = Margin + (Math.Max(1, columns.Length) * (PanelWidth + Margin));
        int height = TitleHeight + (rows * (panelHeight + Margin));

        StringBuilder svg = new();
        svg.Append($"""
            <svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="13" fill="#1f2328">
            <rect width="{width}" height="{height}" fill="#ffffff"/>
            <text x="{Margin}" y="26" font-size="17" font-weight="600">Ratio to kernel VXLAN, median of paired runs</text>
            <text x="{Margin}" y="46" font-size="12" fill="#59636e">{Escape(caption)}</text>

            """);
        for (int i = 0; i < panels.Length; i++)
        {
            int x = Margin + (Array.IndexOf(columns, panels[i][0].Column) * (PanelWidth + Margin));
            int y = TitleHeight + (i / columns.Length * (panelHeight + Margin));
            AppendPanel(svg, results, panels[i], x, y, panelHeight);
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static void AppendPanel(
        StringBuilder svg, ResultSet results, ResultSeries[] panel, int left, int top, int height)
    {
        Metric metric = panel[0].Metric;
        string better = metric.LowerIsBetter ? "lower is better" : "higher is better";
        svg.Append($"""
            <g transform="translate({left} {top})">
            <rect width="{PanelWidth}" height="{height}" rx="6" fill="#f6f8fa" stroke="#d1d9e0"/>
            <text x="12" y="22" font-weight="600">{Escape($"{metric.Workload} {metric.Unit}, {panel[0].Column}")}</text>
            <text x="{PanelWidth - 12}" y="22" font-size="12" fill="#59636e" text-anchor="end">{better}</text>

            """);

        // Without the reference there is no ratio, and the longest bar is the largest median.
        bool hasRatios = panel.All(series => results.Ratio(series) is not null);
        double Size(ResultSeries series) => hasRatios ? results.Ratio(series)!.Value : series.Median;
        double largest = Math.Max(panel.Max(Size), hasRatios ? 1 : 0);
        for (int i = 0; i < panel.Length; i++)
        {
            ResultSeries series = panel[i];
            int y = PanelHead + (i * BarStep);
            double length = largest > 0 ? Math.Max(1, BarWidth * Size(series) / largest) : 1;
            string colour = series.Peer == Own ? "#0969da" : "#afb8c1";
            string weight = series.Peer == Own ? " font-weight=\"600\"" : "";
            string label = hasRatios
                ? $"{Quantity.Ratio(results.Ratio(series))} × ({Quantity.Text(series.Median)})"
                : Quantity.Text(series.Median);
            svg.Append($"""
                <text x="12" y="{y + 13}"{weight}>{Escape(series.Peer)}</text>
                <rect x="{NameWidth}" y="{y}" width="{length:0.#}" height="{BarHeight}" rx="2" fill="{colour}"/>
                <text x="{PanelWidth - 12}" y="{y + 13}" text-anchor="end"{weight}>{Escape(label)}</text>

                """);
        }

        if (hasRatios)
        {
            double one = NameWidth + (BarWidth / largest);
            svg.Append($"""
                <line x1="{one:0.#}" y1="{PanelHead - 4}" x2="{one:0.#}" y2="{height - 8}" stroke="#cf222e" stroke-dasharray="3 3"/>

                """);
        }

        svg.Append("</g>\n");
    }

    private static string Escape(string text) => SecurityElement.Escape(text);
}
