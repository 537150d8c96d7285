using System.Text.Json;
using Overlay.Cli.Admin;
using Overlay.Cli.Output;

namespace Overlay.Cli.Commands;

/// <summary>Has the daemon start its program anew, which takes the node over without losing a packet.</summary>
internal static class UpgradeCommand
{
    // A start may wait for its store.
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(90);

    /// <exception cref="CliException">No daemon answers, or the one that runs has kept the node.</exception>
    public static async Task<int> RunAsync(AdminClient client, OutputFormat format, CancellationToken cancellation)
    {
        using JsonDocument answer = await client.PutAsync("upgrade", "", _limit, cancellation);
        if (format == OutputFormat.Json) Json.Write(answer.RootElement);
        else Console.WriteLine($"overlayd process {answer.RootElement.GetProperty("process").GetInt32()} has taken over");
        return ExitCode.Success;
    }
}
