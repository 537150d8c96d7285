using System.CommandLine;
using Overlay.Cli;
using Overlay.Cli.Commands;
using Overlay.Cli.Output;
using Overlay.CommandLine;

// overlayctl: asks the daemon of this node over its admin socket, and prints the answer.

if (args.Contains("--version"))
{
    Console.WriteLine($"{CommandTree.Program} {VersionCommand.Own}");
    return ExitCode.Success;
}

if (args.Length == 0)
{
    _ = CommandTree.Make().Parse("--help").Invoke();
    return ExitCode.Usage;
}

ParseResult parsed = CommandTree.Make().Parse(args);
if (Usage.FaultOf(parsed, CommandTree.Program) is { } fault) return await FailAsync(fault, ExitCode.Usage);
try
{
    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (CliException exception)
{
    return await FailAsync(exception.Message, exception.ExitCode);
}
catch (OperationCanceledException)
{
    return ExitCode.Failure;
}
catch (Exception exception) when (UnreadableAnswer.Is(exception))
{
    return await FailAsync(UnreadableAnswer.Describe(exception), ExitCode.Failure);
}
catch (IOException exception)
{
    return await FailAsync($"cannot print: {exception.Message}", ExitCode.Failure);
}

static async Task<int> FailAsync(string message, int exitCode)
{
    await Console.Error.WriteLineAsync($"{CommandTree.Program}: {message}");
    return exitCode;
}
