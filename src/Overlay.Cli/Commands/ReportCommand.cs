using System.Text.Json;
using Overlay.Cli.Admin;
using Overlay.Cli.Output;

namespace Overlay.Cli.Commands;

/// <summary>Prints a report that is a list, or several: <c>peers</c>, <c>routes</c>, <c>counters</c>.</summary>
internal static class ReportCommand
{
    // A person sees a change soon enough.
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(2);

    /// <summary>Prints the report once.</summary>
    /// <exception cref="CliException">The daemon cannot be asked.</exception>
    public static async Task<int> RunAsync(
        string report, AdminClient client, OutputFormat format, CancellationToken cancellation)
    {
        using JsonDocument document = await client.GetAsync(report, cancellation);
        if (format == OutputFormat.Json) Json.Write(document.RootElement);
        else ReportTable.Write(document.RootElement, format == OutputFormat.Wide);
        return ExitCode.Success;
    }

    /// <summary>Prints the report again and again, until told to stop.</summary>
    /// <exception cref="CliException">The daemon cannot be asked.</exception>
    public static async Task<int> WatchAsync(
        string report, AdminClient client, OutputFormat format, CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                // The answer comes before the screen is cleared, so that it is never empty.
                using JsonDocument document = await client.GetAsync(report, cancellation);
                if (format == OutputFormat.Json) Json.Write(document.RootElement);
                else
                {
                    Screen.Clear();
                    ReportTable.Write(document.RootElement, format == OutputFormat.Wide);
                }

                await Task.Delay(_interval, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return ExitCode.Success;
        }
    }
}
