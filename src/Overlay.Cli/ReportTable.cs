using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace Overlay.Cli;

/// <summary>Prints any report: objects as two columns, lists of objects as one row each.</summary>
/// <remarks>It knows no report by name: what the daemon adds shows up here by itself.</remarks>
internal static class ReportTable
{
    public static void Write(JsonElement report)
    {
        // Rows are for grep and awk too: a long one runs on, as kubectl's do, and is never folded into columns.
        AnsiConsole.Profile.Width = 10_000;
        if (report.ValueKind == JsonValueKind.Array) WriteRows(report);
        else if (report.EnumerateObject().All(property => property.Value.ValueKind == JsonValueKind.Array))
        {
            foreach (JsonProperty part in report.EnumerateObject())
            {
                WriteLine(part.Name.ToUpperInvariant());
                WriteRows(part.Value);
            }
        }
        else WriteProperties(report);
    }

    private static void WriteProperties(JsonElement report)
    {
        Table table = NewTable();
        _ = table.AddColumn("").AddColumn("").HideHeaders();
        AddProperties(table, "", report);
        AnsiConsole.Write(table);
    }

    private static void AddProperties(Table table, string prefix, JsonElement report)
    {
        foreach (JsonProperty property in report.EnumerateObject())
        {
            string name = prefix + property.Name;
            if (property.Value.ValueKind == JsonValueKind.Object) AddProperties(table, $"{name}.", property.Value);
            else _ = table.AddRow(Cell(name), Cell(Text(property.Value)));
        }
    }

    private static void WriteRows(JsonElement rows)
    {
        List<JsonElement> shown = [.. rows.EnumerateArray().Where(row => !IsZero(row))];
        if (shown.Count == 0)
        {
            WriteLine("none");
            return;
        }

        Table table = NewTable();
        foreach (JsonProperty column in shown[0].EnumerateObject())
            _ = table.AddColumn(new TableColumn(Cell(column.Name.ToUpperInvariant())).NoWrap());
        foreach (JsonElement row in shown)
            _ = table.AddRow(row.EnumerateObject().Select(column => Cell(Text(column.Value))));
        AnsiConsole.Write(table);
    }

    // A drop reason that never happened is noise to people; --json has them all.
    private static bool IsZero(JsonElement row) =>
        row.TryGetProperty("reason", out JsonElement _)
        && row.TryGetProperty("packets", out JsonElement packets)
        && packets.GetInt64() == 0;

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "-",
        JsonValueKind.Array => string.Join(
            Environment.NewLine, value.EnumerateArray().Select(Text)) is { Length: > 0 } lines ? lines : "-",
        JsonValueKind.Number =>
            value.TryGetInt64(out long number) ? number.ToString(CultureInfo.InvariantCulture) : value.GetRawText(),
        _ => value.ToString(),
    };

    private static Table NewTable() => new Table().Border(TableBorder.None);

    // Spectre reads [..] as markup; values are plain text.
    private static Markup Cell(string text) => new(Markup.Escape(text));

    private static void WriteLine(string text) => AnsiConsole.WriteLine(text);
}
