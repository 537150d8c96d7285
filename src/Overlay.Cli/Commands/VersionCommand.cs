using System.Reflection;
using System.Text.Json;
using Overlay.Cli.Admin;
using Overlay.Cli.Output;

namespace Overlay.Cli.Commands;

/// <summary>Prints the versions of this program and of the daemon.</summary>
internal static class VersionCommand
{
    /// <summary>This program's version.</summary>
    public static string Own { get; } = typeof(VersionCommand).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <exception cref="CliException">No daemon answers; this program's version is printed all the same.</exception>
    public static async Task<int> RunAsync(AdminClient client, CancellationToken cancellation)
    {
        Console.WriteLine($"overlayctl {Own}");
        using JsonDocument status = await client.GetAsync("status", cancellation);
        Console.WriteLine($"overlayd {status.RootElement.Text("version")}");
        return ExitCode.Success;
    }
}
