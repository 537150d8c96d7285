using System.Diagnostics;

namespace Overlay.Lab.Processes;

/// <summary>
/// A program that runs beside the lab, in a session of its own and with a file for its output: so a Ctrl-C at the
/// terminal reaches the lab alone, which ends the rest in order, and a kept demo outlives the lab's own process.
/// </summary>
public class BackgroundProcess
{
    private static readonly TimeSpan _defaultGrace = TimeSpan.FromSeconds(5);

    // `ip netns exec`, setsid and sh each replace themselves by the next, so the pid is the program's own.
    private const string Redirect = """exec >"$0" 2>&1 </dev/null; exec "$@" """;

    private readonly Process _process;

    /// <param name="networkNamespace">Where it runs; null for where the lab itself does.</param>
    internal BackgroundProcess(
        string? networkNamespace,
        string logFile,
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        LogFile = logFile;
        CommandLine = string.Join(' ', [program, .. arguments]);
        string[] inside = networkNamespace is null ? [] : ["ip", "netns", "exec", networkNamespace];
        string[] line = [.. inside, "setsid", "sh", "-c", Redirect, logFile, program, .. arguments];
        ProcessStartInfo start = new(line[0], line[1..]);
        foreach ((string key, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[key] = value;
        }

        _process = Command.Start(start, CommandLine);
        Pid = _process.Id;
    }

    public int Pid { get; }

    public string CommandLine { get; }

    public string LogFile { get; }

    /// <summary>Everything it has written so far, to stdout and to stderr.</summary>
    public string Log => File.Exists(LogFile) ? File.ReadAllText(LogFile) : "";

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    public bool WaitForExit(TimeSpan limit) => _process.WaitForExit(limit);

    /// <summary>Waits until the log contains the text.</summary>
    public void WaitForLog(string text, TimeSpan? limit = null) =>
        WaitUntil(() => Log.Contains(text, StringComparison.Ordinal), $"wrote \"{text}\"", limit);

    /// <summary>SIGTERM, then SIGKILL after the grace; returns the exit code (137 = it had to be killed).</summary>
    public int Stop(TimeSpan? grace = null)
    {
        RequestStop();
        if (!_process.WaitForExit(grace ?? _defaultGrace))
        {
            Kill();
        }

        return _process.ExitCode;
    }

    /// <summary>SIGTERM, without waiting.</summary>
    public void RequestStop()
    {
        if (!_process.HasExited)
        {
            LibC.Signal(Pid, LibC.SigTerm);
        }
    }

    /// <summary>SIGKILL: the crash that no program can prepare for.</summary>
    public void Kill()
    {
        if (!_process.HasExited)
        {
            LibC.Signal(Pid, LibC.SigKill);
            _process.WaitForExit();
        }
    }

    /// <summary>Waits until something is so that it does; an error has its log.</summary>
    /// <param name="reached">True once it is so.</param>
    /// <param name="what">The deed, in the past tense.</param>
    /// <param name="limit">How long; 60 s by default, for a busy host starts a daemon in 20.</param>
    /// <exception cref="LabException">It has exited before, or has taken too long.</exception>
    public void WaitUntil(Func<bool> reached, string what, TimeSpan? limit = null)
    {
        TimeSpan patience = limit ?? TimeSpan.FromSeconds(60);
        Stopwatch watch = Stopwatch.StartNew();
        while (!reached())
        {
            if (HasExited)
            {
                throw new LabException($"`{CommandLine}` exited with {ExitCode} before it {what}:\n{Log}");
            }

            if (watch.Elapsed > patience)
            {
                throw new LabException($"`{CommandLine}` has not {what} within {patience.TotalSeconds:0.#} s:\n{Log}");
            }

            Thread.Sleep(20);
        }
    }

    internal void Forget() => _process.Dispose();
}
