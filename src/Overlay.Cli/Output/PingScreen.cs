using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace Overlay.Cli.Output;

/// <summary>A ping on the screen: a line for each peer and family, then paths that lose, then all there is to say.</summary>
internal static class PingScreen
{
    private static readonly string[] _columns =
        ["NODE", "ADDRESS", "BY", "ANSWERS", "LOSS", "RTT MIN", "MEDIAN", "P99", "PATHS", "MTU"];

    /// <param name="report">The daemon's report.</param>
    /// <param name="hasPaths">Paths that lose are listed.</param>
    public static void Write(JsonElement report, bool hasPaths)
    {
        IReadOnlyList<JsonElement> peers = report.Items("peers");
        if (peers.Count > 0) WriteRows(peers, report.At("pod"));
        else if (report.At("pod") is { } only) WriteRows([], only);
        else Screen.Console.WriteLine("no peers");
        if (hasPaths)
        {
            foreach (JsonElement peer in peers) WritePaths(peer);
        }

        string[] notes =
        [
            .. peers.SelectMany(static peer => peer.Texts("notes")),
            .. report.At("pod") is { } pod ? pod.Texts("notes") : [],
            .. report.Number("leftOut") > 0
                ? [$"the time did not suffice for {report.Text("leftOut")} more: ping them by name"]
                : Array.Empty<string>(),
        ];
        foreach (string note in notes) Screen.Console.Write(new Text($"{note}\n"));
    }

    private static void WriteRows(IReadOnlyList<JsonElement> peers, JsonElement? pod)
    {
        Table table = Screen.NewTable();
        foreach (string column in _columns) _ = table.AddColumn(new TableColumn(column).NoWrap());
        foreach (JsonElement peer in peers) _ = table.AddRow(Cells(peer));
        if (pod is { } row)
            _ = table.AddRow(Cells(row.Text("node"), row, "icmp", row.Text("isLocal") == "True" ? "local" : "pod"));
        Screen.Console.Write(table);
    }

    private static IEnumerable<Markup> Cells(JsonElement peer) =>
        Cells(peer.Text("node"), peer, peer.Text("kind"), peer.Text("way"));

    private static Markup[] Cells(string? node, JsonElement row, string? kind, string? way)
    {
        (double sent, double received) = (row.Number("sent"), row.Number("received"));
        double loss = sent == 0 ? 100 : 100 * (sent - received) / sent;
        return
        [
            Screen.Cell(node), Screen.Cell(row.Text("address")), Screen.Cell(way),
            Screen.Cell(kind, kind == "none" ? "red" : ""),
            Screen.Cell(
                string.Create(CultureInfo.InvariantCulture, $"{loss:0.##}% of {sent:0}"), loss > 0 ? "red" : "green"),
            Screen.Cell(Time(row, "min")), Screen.Cell(Time(row, "median")), Screen.Cell(Time(row, "p99")),
            Screen.Cell(Paths(row)), Screen.Cell(Mtu(row)),
        ];
    }

    private static string Time(JsonElement row, string name) =>
        row.At($"rttMicroseconds.{name}") is { } microseconds ? $"{microseconds.GetInt64()} us" : "-";

    private static string Paths(JsonElement row)
    {
        if (row.Number("pathCount") == 0) return "-";
        int losing = row.Items("paths").Count(static path => path.Number("received") < path.Number("sent"));
        return losing == 0 ? row.Text("pathCount")! : $"{losing} of {row.Text("pathCount")} lose";
    }

    private static string Mtu(JsonElement row)
    {
        if (row.At("mtu") is not { } mtu) return "-";
        return mtu.Text("bytes") is not { } bytes ? $"of {mtu.Text("device")}"
            : bytes == mtu.Text("device") ? bytes : $"{bytes} of {mtu.Text("device")}";
    }

    private static void WritePaths(JsonElement peer)
    {
        foreach (JsonElement path in peer.Items("paths"))
        {
            if (path.Number("received") >= path.Number("sent")) continue;
            Screen.Console.Write(new Text(
                $"  {peer.Text("node")} {peer.Text("family")} source port {path.Text("sourcePort")}: "
                + $"{path.Text("received")} of {path.Text("sent")} came back\n"));
        }
    }
}
