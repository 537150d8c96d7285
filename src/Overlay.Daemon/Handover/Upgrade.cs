using System.ComponentModel;
using System.Diagnostics;
using Overlay.Daemon.Options;

namespace Overlay.Daemon.Handover;

/// <summary>Starts the program anew beside this process, which gives it the node: another version where the file is another.</summary>
/// <param name="server">Gives the node.</param>
/// <param name="options">Whether the node is to be had.</param>
/// <param name="time">Clock of the patience.</param>
internal sealed class Upgrade(HandoverServer server, OverlayOptions options, TimeProvider time)
{
    // A start asks the store, and goes on without it after seconds.
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    // Read at the start: the file's name is another one once the file has been replaced.
    private static readonly string? _program = Environment.ProcessPath;

    private int _isBusy;

    /// <summary>The arguments of this process, with which the next one is started.</summary>
    public static IReadOnlyList<string> Arguments { get; set; } = [];

    /// <summary>To be called before anything replaces the program's file.</summary>
    public static void Remember(IReadOnlyList<string> arguments) => (_, Arguments) = (_program, arguments);

    /// <summary>Waits until the other process has the node.</summary>
    /// <returns>The number of the other process.</returns>
    /// <exception cref="UpgradeException">It has not, and this process runs the node on.</exception>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        Refuse();
        if (Interlocked.Exchange(ref _isBusy, 1) != 0) throw new UpgradeException("another upgrade is under way");
        try
        {
            using Process next = Start();
            Task ended = next.WaitForExitAsync(cancellation);
            Task first = await Task.WhenAny(server.Taken, ended, Task.Delay(_patience, time, cancellation));

            // One that has the node is not ended any more, whoever waits no longer.
            if (server.Taken.IsCompleted) return next.Id;
            if (!next.HasExited) next.Kill();
            throw new UpgradeException(
                first == ended
                    ? $"the new overlayd has ended with exit code {next.ExitCode}, and the one before runs on: see the log"
                    : $"the new overlayd is not ready after {_patience.TotalSeconds:0} s, and the one before runs on: see the "
                        + "log");
        }
        finally
        {
            _isBusy = 0;
        }
    }

    private void Refuse()
    {
        if (options.HandOver == HandOver.Off)
            throw new UpgradeException("Overlay:HandOver is Off: stop overlayd and start it");
        if (Environment.ProcessId == 1)
            throw new UpgradeException(
                "overlayd is its container's first process, which ends with it: a new container takes over from this one, as "
                + "kubectl rollout restart daemonset/overlay makes it");
    }

    private static Process Start()
    {
        try
        {
            return Process.Start(new ProcessStartInfo(_program ?? "overlayd", Arguments))
                ?? throw new UpgradeException($"{_program} cannot be started");
        }
        catch (Win32Exception exception)
        {
            throw new UpgradeException($"{_program} cannot be started: {exception.Message}");
        }
    }
}

/// <summary>No other process has the node.</summary>
internal sealed class UpgradeException(string message) : Exception(message);
