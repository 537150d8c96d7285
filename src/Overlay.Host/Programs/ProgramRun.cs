using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Overlay.Host.Programs;

/// <summary>
/// A run of a program: fed, heard to its end, and ended with its children where that takes too long.
/// </summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">What it has written to its standard output.</param>
/// <param name="Error">What it has written to its standard error, the first part of it.</param>
public sealed record ProgramRun(int ExitCode, string Output, string Error)
{
    /// <summary>The most characters of a program's output: rules of a host are some megabytes at most.</summary>
    public const int LongestOutput = 64 * 1024 * 1024;

    private const int LongestError = 64 * 1024;

    /// <summary>Runs a program to its end. Blocks.</summary>
    /// <param name="start">The program, its arguments and environment, which are passed on as they are.</param>
    /// <param name="input">What it reads.</param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="longest">The most characters that it may write to its standard output.</param>
    /// <exception cref="FileNotFoundException">It is not there, or cannot be run.</exception>
    /// <exception cref="IOException">It takes too long, or writes without end.</exception>
    public static ProgramRun Of(
        ProcessStartInfo start, string input, TimeSpan limit, int longest = LongestOutput)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        Stopwatch watch = Stopwatch.StartNew();
        using Process process = Start(start);
        Task<string> output = ReadAsync(process.StandardOutput, longest + 1);
        Task<string> error = ReadAsync(process.StandardError, LongestError);
        Task feed = FeedAsync(process.StandardInput, input);

        // A child that keeps the output open would be waited for without end, so the pipes have the same limit.
        if (!process.WaitForExit(limit) || !Task.WaitAll([output, error, feed], Left(limit, watch)))
        {
            process.Kill(entireProcessTree: true);
            throw new IOException(
                $"{start.FileName} does not end within {limit.TotalSeconds:0.#} s{Said(error)}");
        }

        return output.Result.Length <= longest
            ? new(process.ExitCode, output.Result, error.Result)
            : throw new IOException($"{start.FileName} writes more than {longest} characters");
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return ProgramStart.Of(start);
        }
        catch (Win32Exception exception)
        {
            throw new FileNotFoundException($"{start.FileName} cannot be run: {exception.Message}", exception);
        }
    }

    // A program whose pipe is not emptied would not end: the rest is read and dropped. The caller's thread blocks
    // meanwhile, so nothing here may need it. The process does not close a reader that somebody has taken of it.
    private static async Task<string> ReadAsync(StreamReader pipe, int longest)
    {
        using StreamReader reader = pipe;
        StringBuilder text = new();
        char[] buffer = new char[16 * 1024];
        int length;
        while ((length = await reader.ReadAsync(buffer).ConfigureAwait(false)) > 0)
            _ = text.Append(buffer, 0, Math.Min(length, longest - text.Length));
        return text.ToString();
    }

    // A program that ends before it has read all says itself why.
    private static async Task FeedAsync(StreamWriter standardInput, string input)
    {
        try
        {
            await standardInput.WriteAsync(input).ConfigureAwait(false);
            standardInput.Close();
        }
        catch (IOException)
        {
            standardInput.BaseStream.Dispose();
        }
    }

    private static TimeSpan Left(TimeSpan limit, Stopwatch watch) =>
        watch.Elapsed < limit ? limit - watch.Elapsed : TimeSpan.Zero;

    private static string Said(Task<string> error) =>
        error.IsCompletedSuccessfully && error.Result.Trim().Length > 0 ? $": {error.Result.Trim()}" : "";
}
