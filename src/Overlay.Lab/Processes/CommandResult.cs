namespace Overlay.Lab.Processes;

/// <summary>What a program answered.</summary>
public sealed record CommandResult(string CommandLine, int ExitCode, string Output, string Error)
{
    public bool Succeeded => ExitCode == 0;

    /// <summary>Throws, with everything the program said, unless it exited with 0.</summary>
    public CommandResult EnsureSuccess() => Succeeded ? this : throw new LabException(ToString());

    public override string ToString()
    {
        string said = string.Join('\n', new[] { Error.Trim(), Output.Trim() }.Where(text => text.Length > 0));
        return $"`{CommandLine}` exited with {ExitCode}{(said.Length == 0 ? "" : ": ")}{said}";
    }
}
