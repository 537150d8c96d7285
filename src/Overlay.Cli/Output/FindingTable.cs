using Spectre.Console;

namespace Overlay.Cli.Output;

/// <summary>What a check has found.</summary>
/// <param name="Check">Its name.</param>
/// <param name="Severity">ok, warning or problem.</param>
/// <param name="Text">The state; where it is not well, why that matters and what mends it.</param>
internal sealed record Finding(string Check, string Severity, string Text);

/// <summary>Prints findings, a row each.</summary>
internal static class FindingTable
{
    /// <param name="findings">In the order of the rows.</param>
    /// <param name="isWide">With checks that found all well.</param>
    public static void Write(IReadOnlyList<Finding> findings, bool isWide)
    {
        Table table = Screen.NewTable().HideHeaders();
        _ = table.AddColumn(new TableColumn("").NoWrap()).AddColumn(new TableColumn("").NoWrap()).AddColumn("");
        foreach (Finding finding in findings.Where(finding => isWide || finding.Severity != "ok"))
            _ = table.AddRow(
                Screen.Cell(finding.Severity, StyleOf(finding.Severity)), Screen.Cell(finding.Check, "bold"),
                Screen.Cell(finding.Text));
        if (table.Rows.Count > 0) Screen.Console.Write(table);
        int good = findings.Count(static finding => finding.Severity == "ok");
        Screen.Console.WriteLine(
            $"{good} of {findings.Count} checks found nothing{(isWide || good == 0 ? "" : " (-o wide shows them)")}");
    }

    private static string StyleOf(string severity) => severity switch
    {
        "problem" => "red",
        "warning" => "yellow",
        _ => "green",
    };
}
