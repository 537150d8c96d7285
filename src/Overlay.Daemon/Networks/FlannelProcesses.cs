using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Overlay.Host.Http;

namespace Overlay.Daemon.Networks;

/// <summary>Looks for a running flanneld of this network namespace.</summary>
/// <param name="processes">The directory where the kernel shows the processes.</param>
internal sealed class FlannelProcesses(string processes = "/proc")
{
    // --healthz-port of kube-flannel's manifest, and the answer there (flannel's main.go).
    private const int HealthPort = 8081;
    private const string HealthAnswer = "flanneld is running";

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(1);

    /// <summary>The program.</summary>
    public const string DaemonName = "flanneld";

    // PROC_PID_INIT_INO: the first PID namespace, which sees all processes.
    private const string FirstNamespace = "pid:[4026531836]";

    /// <summary>Only processes of this one's own PID namespace are seen, as in a pod without hostPID.</summary>
    public bool IsBlind => LinkOf("self", "ns/pid") is { } own && own != FirstNamespace;

    /// <summary>How it is seen, for a message; null when none is seen.</summary>
    /// <remarks>
    /// The namespace of another user's process may not be looked at: such a flanneld counts as one of this namespace.
    /// </remarks>
    public string? Find() => FindProcess() is { } process ? $"process {process}"
        : AnswersHealth() ? $"it answers at 127.0.0.1:{HealthPort}/healthz" : null;

    private string? FindProcess()
    {
        string? ours = LinkOf("thread-self", "ns/net");

        // This program may bear flanneld's name itself.
        string self = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        foreach (string process in Directory.EnumerateDirectories(processes).Select(Path.GetFileName).OfType<string>()
            .Where(static name => char.IsAsciiDigit(name[0])))
        {
            if (process == self || !IsDaemon(process)) continue;
            string? its = LinkOf(process, "ns/net");

            // A process that has ended meanwhile has no namespace either.
            if (its == ours || (its is null && IsDaemon(process))) return process;
        }

        return null;
    }

    private static bool AnswersHealth()
    {
        try
        {
            return PlainHttp.Get(new IPEndPoint(IPAddress.Loopback, HealthPort), "/healthz", _patience)
                .Contains(HealthAnswer, StringComparison.Ordinal);
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private bool IsDaemon(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(processes, process, "comm")).TrimEnd() == DaemonName;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The process has ended meanwhile.
            return false;
        }
    }

    private string? LinkOf(string process, string link)
    {
        try
        {
            return File.ResolveLinkTarget(Path.Combine(processes, process, link), returnFinalTarget: false)?.Name;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
