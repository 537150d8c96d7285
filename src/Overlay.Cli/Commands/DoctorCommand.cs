using System.Text.Json;
using Overlay.Cli.Admin;
using Overlay.Cli.Output;
using Spectre.Console;

namespace Overlay.Cli.Commands;

/// <summary>Prints what is wrong with this node and its host, each with the command that mends it.</summary>
internal static class DoctorCommand
{
    // Rules of every kind are listed, by programs of the host.
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(1);

    /// <param name="client">Asks the daemon.</param>
    /// <param name="format">Of the output; checks that found nothing are shown by <see cref="OutputFormat.Wide"/>.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>0 where all is well, 4 with warnings alone, 1 with problems.</returns>
    /// <exception cref="CliException">No daemon answers.</exception>
    public static async Task<int> RunAsync(AdminClient client, OutputFormat format, CancellationToken cancellation)
    {
        using JsonDocument answer = await AskAsync(client, cancellation);
        JsonElement[] checks = [.. answer.RootElement.EnumerateArray()];
        if (format == OutputFormat.Json) Json.Write(answer.RootElement);
        else Write(checks, format == OutputFormat.Wide);
        return Has(checks, "problem") ? ExitCode.Failure
            : Has(checks, "warning") ? ExitCode.Warnings
            : ExitCode.Success;
    }

    private static async Task<JsonDocument> AskAsync(AdminClient client, CancellationToken cancellation)
    {
        try
        {
            return await client.GetAsync("checks", _limit, cancellation);
        }
        catch (CliException exception) when (exception.ExitCode == ExitCode.NoDaemon)
        {
            throw new CliException(
                $"{exception.Message}; overlayd check looks at the host without a daemon", exception.ExitCode);
        }
    }

    private static void Write(JsonElement[] checks, bool isWide)
    {
        Table table = Screen.NewTable().HideHeaders();
        _ = table.AddColumn(new TableColumn("").NoWrap()).AddColumn(new TableColumn("").NoWrap()).AddColumn("");
        foreach (JsonElement check in checks)
        {
            string severity = check.Text("severity") ?? "";
            if (severity == "ok" && !isWide) continue;
            _ = table.AddRow(
                Screen.Cell(severity, severity switch { "problem" => "red", "warning" => "yellow", _ => "green" }),
                Screen.Cell(check.Text("check") ?? "", "bold"), Screen.Cell(check.Text("text") ?? ""));
        }

        if (table.Rows.Count > 0) Screen.Console.Write(table);
        int good = checks.Count(static check => check.Text("severity") == "ok");
        Screen.Console.WriteLine(
            $"{good} of {checks.Length} checks found nothing{(isWide || good == 0 ? "" : " (shown by -o wide)")}");
    }

    private static bool Has(JsonElement[] checks, string severity) =>
        checks.Any(check => check.Text("severity") == severity);
}
