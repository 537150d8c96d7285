using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace Overlay.Cli.Output;

/// <summary>Prints lists of objects, one row each.</summary>
/// <remarks>It knows no report by name: a column that the daemon adds shows up here by itself.</remarks>
internal static class ReportTable
{
    // Columns for the few who compare them.
    private static readonly string[] _wide = ["vtepMac", "vtepMacV6", "allocatedBytes", "egressBytes", "ingressBytes"];

    /// <param name="report">A list, or an object of lists.</param>
    /// <param name="isWide">With all columns.</param>
    /// <param name="isShown">Picks rows out; null for all.</param>
    public static void Write(JsonElement report, bool isWide, Func<JsonElement, bool>? isShown = null)
    {
        isShown ??= row => isWide || !IsZero(row);
        if (report.ValueKind == JsonValueKind.Array)
        {
            WriteRows(report, isWide, isShown);
            return;
        }

        foreach (JsonProperty part in report.EnumerateObject())
        {
            Screen.Console.Write(Screen.Cell(part.Name.ToUpperInvariant(), "bold"));
            Screen.Console.WriteLine();
            WriteRows(part.Value, isWide, isShown);
        }
    }

    private static void WriteRows(JsonElement rows, bool isWide, Func<JsonElement, bool> isShown)
    {
        List<JsonElement> shown = [.. rows.EnumerateArray().Where(isShown)];
        if (shown.Count == 0)
        {
            Screen.Console.WriteLine("none");
            return;
        }

        // A column without a value in any row only takes room.
        string[] columns =
        [
            .. shown[0].EnumerateObject().Select(static column => column.Name).Where(name => isWide
                || (!_wide.Contains(name) && shown.Any(row => row.GetProperty(name).ValueKind != JsonValueKind.Null))),
        ];
        Table table = Screen.NewTable();
        foreach (string column in columns)
        {
            TableColumn header = new(Screen.Cell(Title(column), "bold"));
            _ = table.AddColumn(column == columns[^1] ? header : header.NoWrap());
        }

        foreach (JsonElement row in shown)
            _ = table.AddRow(columns.Select(column => Cell(column, row.GetProperty(column))));
        Screen.Console.Write(table);
    }

    // A drop reason that never happened is noise to people.
    private static bool IsZero(JsonElement row) =>
        row.TryGetProperty("reason", out JsonElement _)
        && row.TryGetProperty("packets", out JsonElement packets)
        && packets.GetInt64() == 0;

    private static Markup Cell(string column, JsonElement value) => (column, value.ValueKind) switch
    {
        ("state", JsonValueKind.String) => Screen.Cell(value.GetString()!, value.GetString() switch
        {
            "accepted" => "green",
            "refused" => "red",
            _ => "yellow",
        }),
        _ => Screen.Cell(Text(value)),
    };

    private static string Title(string column) => column.ToUpperInvariant();

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "-",
        JsonValueKind.Number =>
            value.TryGetInt64(out long number) ? number.ToString(CultureInfo.InvariantCulture) : value.GetRawText(),
        _ => value.ToString(),
    };
}
