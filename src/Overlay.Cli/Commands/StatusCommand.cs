using System.Text.Json;
using Overlay.Cli.Admin;
using Overlay.Cli.Output;

namespace Overlay.Cli.Commands;

/// <summary>Prints the node's state.</summary>
internal static class StatusCommand
{
    /// <exception cref="CliException">The daemon cannot be asked.</exception>
    public static async Task<int> RunAsync(AdminClient client, OutputFormat format, CancellationToken cancellation)
    {
        using JsonDocument status = await client.GetAsync("status", cancellation);
        if (format == OutputFormat.Json) Json.Write(status.RootElement);
        else StatusScreen.Write(status.RootElement, DateTimeOffset.UtcNow);
        return ExitCode.Success;
    }
}
