using System.Text.Json;
using Overlay.Cli.Admin;
using Overlay.Cli.Output;

namespace Overlay.Cli.Commands;

/// <summary>Shows or changes how much the daemon logs, until it is started anew.</summary>
internal static class LogLevelCommand
{
    /// <param name="level">The level to set; null to show the one there is.</param>
    /// <param name="client">Asks the daemon.</param>
    /// <param name="format">Of the output.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="CliException">The daemon cannot be asked, or refuses the level.</exception>
    public static async Task<int> RunAsync(
        string? level, AdminClient client, OutputFormat format, CancellationToken cancellation)
    {
        using JsonDocument answer = level is null
            ? await client.GetAsync("log-level", cancellation)
            : await client.PutAsync("log-level", level, cancellation);
        if (format == OutputFormat.Json) Json.Write(answer.RootElement);
        else Console.WriteLine(answer.RootElement.Text("level"));
        return ExitCode.Success;
    }
}
