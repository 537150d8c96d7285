namespace Overlay.Cli;

/// <summary>The end of a command, with the one line that says why and what to do.</summary>
/// <param name="message">That line, without the program's name.</param>
/// <param name="exitCode">One of <see cref="Cli.ExitCode"/>.</param>
internal sealed class CliException(string message, int exitCode) : Exception(message)
{
    /// <summary>The exit code of the program.</summary>
    public int ExitCode { get; } = exitCode;
}
