using System.ComponentModel;
using System.Diagnostics;

namespace Overlay.Host.Programs;

/// <summary>One of the host's own tools, such as <c>nft</c>: run to its end, with a limit.</summary>
/// <remarks>
/// Rules are written by the host's tool, for it alone knows what its kernel and its other rules are written in.
/// </remarks>
public static class HostTool
{
    private const int LimitMilliseconds = 10_000;

    /// <summary>Runs it and returns what it writes.</summary>
    /// <param name="tool">Its name, looked for along PATH.</param>
    /// <param name="input">What it reads.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <exception cref="IOException">
    /// It is not there, takes too long, or fails; the message says what it said.
    /// </exception>
    public static string Run(string tool, string input, params IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(tool, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // What it says is looked at.
        start.Environment["LC_ALL"] = "C";
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> error = process.StandardError.ReadToEndAsync();
            Feed(process.StandardInput, input);
            if (!process.WaitForExit(LimitMilliseconds))
            {
                process.Kill();
                throw new IOException($"{tool} does not end within {LimitMilliseconds / 1000} s");
            }

            if (process.ExitCode == 0) return output.Result;
            throw new IOException(
                $"{start.FileName} {string.Join(' ', start.ArgumentList)} says: {FirstLine(error.Result)}");
        }
        catch (Win32Exception exception)
        {
            throw new FileNotFoundException($"{tool} cannot be run: {exception.Message}", exception);
        }
    }

    // One that ends before it has read all says itself why.
    private static void Feed(StreamWriter standardInput, string input)
    {
        try
        {
            standardInput.Write(input);
            standardInput.Close();
        }
        catch (IOException)
        {
            standardInput.BaseStream.Dispose();
        }
    }

    private static string FirstLine(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault()?.Trim() ?? "nothing";
}
