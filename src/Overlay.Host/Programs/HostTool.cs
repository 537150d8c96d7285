using System.Diagnostics;

namespace Overlay.Host.Programs;

/// <summary>One of the host's own tools, such as <c>nft</c>: run to its end, with a limit.</summary>
/// <remarks>
/// Rules are written by the host's tool, for it alone knows what its kernel and its other rules are written in.
/// </remarks>
public static class HostTool
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(10);

    /// <summary>Runs it and returns what it writes.</summary>
    /// <param name="tool">Its name, looked for along PATH.</param>
    /// <param name="input">What it reads.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <exception cref="IOException">
    /// It is not there, takes too long, or fails; the message says what it said.
    /// </exception>
    public static string Run(string tool, string input, params IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(tool, arguments);

        // What it says is looked at.
        start.Environment["LC_ALL"] = "C";
        ProgramRun run = ProgramRun.Of(start, input, _limit);
        return run.ExitCode == 0
            ? run.Output
            : throw new IOException(
                $"{start.FileName} {string.Join(' ', start.ArgumentList)} says: {FirstLine(run.Error)}");
    }

    private static string FirstLine(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault()?.Trim() ?? "nothing";
}
