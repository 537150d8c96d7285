using System.Text.Json;
using Overlay.Cli.Admin;
using Overlay.Cli.Output;

namespace Overlay.Cli.Commands;

/// <summary>Prints the configuration in force: each key, its value, and where that comes from.</summary>
internal static class ConfigCommand
{
    private const string Default = "default";

    /// <exception cref="CliException">The daemon cannot be asked.</exception>
    public static async Task<int> RunAsync(AdminClient client, OutputFormat format, CancellationToken cancellation)
    {
        using JsonDocument answer = await client.GetAsync("config", cancellation);
        if (format == OutputFormat.Json)
        {
            Json.Write(answer.RootElement);
            return ExitCode.Success;
        }

        // Defaults are in the documentation; a person looks for what is otherwise here.
        ReportTable.Write(
            answer.RootElement, format == OutputFormat.Wide, row => format == OutputFormat.Wide
                || row.Text("source") != Default);
        return ExitCode.Success;
    }
}
