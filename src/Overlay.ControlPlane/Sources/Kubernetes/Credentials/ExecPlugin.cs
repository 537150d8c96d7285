using System.Diagnostics;
using System.Text.Json.Nodes;
using Overlay.Host.Programs;

namespace Overlay.ControlPlane.Sources.Kubernetes.Credentials;

/// <summary>
/// A program that gives credentials, by the contract of client-go's credential plugins
/// (client.authentication.k8s.io/v1 and v1beta1). Immutable.
/// </summary>
/// <param name="Command">Its path, or a name that is looked for along PATH.</param>
/// <param name="Arguments">Passed on as they are.</param>
/// <param name="Variables">Beside those of this process, before which they go.</param>
/// <param name="ApiVersion">The version of its input and output.</param>
/// <param name="Cluster">The cluster that it is told of; null for none.</param>
/// <param name="InstallHint">What to do where it is missing; empty for nothing.</param>
internal sealed record ExecPlugin(
    string Command, IReadOnlyList<string> Arguments, IReadOnlyList<KeyValuePair<string, string>> Variables,
    string ApiVersion, JsonObject? Cluster, string InstallHint)
{
    /// <summary>The variable that has its input.</summary>
    public const string InputVariable = "KUBERNETES_EXEC_INFO";

    private const int LongestWords = 1024;

    /// <summary>The program alone: arguments and variables may have secrets.</summary>
    public override string ToString() => Command;

    /// <summary>Runs it. Blocks.</summary>
    /// <param name="limit">How long it may take.</param>
    /// <exception cref="CredentialException">
    /// The plugin cannot be run, fails, or answers something else; the message has its own words.
    /// </exception>
    public IssuedCredential Run(TimeSpan limit)
    {
        ProcessStartInfo start = new(Find(), Arguments);
        foreach ((string name, string value) in Variables) start.Environment[name] = value;
        start.Environment[InputVariable] = Input();
        ProgramRun run = Run(start, limit);
        string words = Shorten(run.Error.Trim());
        if (run.ExitCode != 0) throw Failed($"ends with exit code {run.ExitCode}: {Or(words, "it says nothing")}");
        return IssuedCredential.TryRead(run.Output, ApiVersion, out IssuedCredential? issued, out string? error)
            ? issued
            : throw Failed(words.Length > 0 ? $"{error}; it says: {words}" : error);
    }

    private ProgramRun Run(ProcessStartInfo start, TimeSpan limit)
    {
        try
        {
            return ProgramRun.Of(start, "", limit);
        }
        catch (FileNotFoundException exception)
        {
            throw Missing(exception.Message);
        }
        catch (IOException exception)
        {
            throw new CredentialException($"cannot be asked: credential plugin {exception.Message}", exception);
        }
    }

    private string Input()
    {
        JsonObject spec = new() { ["interactive"] = false };
        if (Cluster is not null) spec["cluster"] = Cluster.DeepClone();
        return new JsonObject { ["kind"] = "ExecCredential", ["apiVersion"] = ApiVersion, ["spec"] = spec }
            .ToJsonString();
    }

    // .NET would also look where this program is, and in the current directory.
    private string Find()
    {
        if (Command.Contains('/')) return Command;
        foreach (string directory in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'))
        {
            string path = Path.Combine(directory, Command);
            if (directory.StartsWith('/') && File.Exists(path) && IsExecutable(path)) return path;
        }

        throw Missing($"{Command} is not along PATH");
    }

    private static bool IsExecutable(string path) =>
        (File.GetUnixFileMode(path)
            & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0;

    private CredentialException Missing(string reason) => new(
        $"cannot be asked: credential plugin {reason}{(InstallHint.Length > 0 ? $"; {InstallHint.Trim()}" : "")}");

    private CredentialException Failed(string? reason) =>
        new($"cannot be asked: credential plugin {Command} {reason}");

    private static string Shorten(string words) => words.Length > LongestWords ? words[..LongestWords] + "…" : words;

    private static string Or(string words, string none) => words.Length > 0 ? words : none;
}
