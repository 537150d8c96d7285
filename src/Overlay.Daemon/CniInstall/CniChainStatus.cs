using System.Diagnostics;
using Overlay.Host.Programs;

namespace Overlay.Daemon.CniInstall;

/// <summary>
/// Asks the other plugins of the chain for their STATUS, as container runtimes do: one that fails keeps the node
/// NotReady.
/// </summary>
/// <remarks>For one thread at a time.</remarks>
internal sealed class CniChainStatus
{
    /// <summary>The version of the specification that STATUS came with.</summary>
    public const string Since = "1.1.0";

    // Runtimes ask every few seconds; a plugin of another's is not called as often once more.
    private static readonly TimeSpan _interval = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, (long At, string Question, string? Fault)> _known = [];

    /// <summary>The fault that a plugin names, which keeps the node NotReady; null where it is well.</summary>
    /// <param name="plugin">The program, which speaks <see cref="Since"/>.</param>
    /// <param name="question">Its configuration, as a runtime gives it.</param>
    public string? FaultOf(string plugin, string question)
    {
        if (_known.TryGetValue(plugin, out (long At, string Question, string? Fault) known)
            && known.Question == question && Stopwatch.GetElapsedTime(known.At) < _interval) return known.Fault;
        string? fault = Ask(plugin, question);
        _known[plugin] = (Stopwatch.GetTimestamp(), question, fault);
        return fault;
    }

    private static string? Ask(string plugin, string question)
    {
        try
        {
            ProgramRun run = CniPluginCall.Run(plugin, "STATUS", question);
            if (run.ExitCode == 0) return null;
            return CniPluginCall.ErrorIn(run.Output) is { } error
                ? $"code {error.Code}: {error.Message}"
                : $"exit code {run.ExitCode}";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return exception.Message;
        }
    }
}
