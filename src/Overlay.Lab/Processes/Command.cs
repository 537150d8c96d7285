using System.ComponentModel;
using System.Diagnostics;

namespace Overlay.Lab.Processes;

/// <summary>Runs a program to its end.</summary>
public static class Command
{
    public static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(30);

    public static CommandResult Run(
        TimeSpan limit,
        string program,
        IEnumerable<string> arguments,
        string? input = null,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string key, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[key] = value;
        }

        string commandLine = string.Join(' ', [program, .. start.ArgumentList]);
        using Process process = Start(start, commandLine);
        using StreamReader outputPipe = process.StandardOutput;
        using StreamReader errorPipe = process.StandardError;
        Task<string> output = outputPipe.ReadToEndAsync();
        Task<string> error = errorPipe.ReadToEndAsync();
        Feed(process, input);

        // The pipes end later than the program where it left a child holding them: one limit for both.
        Stopwatch watch = Stopwatch.StartNew();
        if (!process.WaitForExit(limit) || !Task.WaitAll([output, error], Max(limit - watch.Elapsed)))
        {
            process.Kill(entireProcessTree: true);
            string said = output.IsCompletedSuccessfully ? output.Result : "";
            throw new TimeoutException($"`{commandLine}` did not end within {limit.TotalSeconds:0.#} s: {said}");
        }

        return new CommandResult(commandLine, process.ExitCode, output.Result, error.Result);
    }

    /// <summary>Runs a program that has to succeed.</summary>
    public static string Require(string program, params string[] arguments) =>
        Run(DefaultLimit, program, arguments).EnsureSuccess().Output;

    internal static Process Start(ProcessStartInfo start, string commandLine)
    {
        try
        {
            return Process.Start(start) ?? throw new LabException($"`{commandLine}` did not start");
        }
        catch (Win32Exception exception)
        {
            throw new LabException($"`{commandLine}` did not start: {exception.Message}", exception);
        }
    }

    private static void Feed(Process process, string? input)
    {
        try
        {
            process.StandardInput.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading all of it; its exit code and its words, which the caller gets, say why.
        }
    }

    private static TimeSpan Max(TimeSpan left) => left > TimeSpan.FromSeconds(1) ? left : TimeSpan.FromSeconds(1);
}
