using System.ComponentModel;
using System.Diagnostics;
using Overlay.Daemon.Options;
using Overlay.Host.Programs;

namespace Overlay.Daemon.Handover;

/// <summary>
/// Starts the program anew beside this process, which gives it the node: another version where the file is another.
/// </summary>
/// <param name="start">Program and arguments.</param>
/// <param name="server">Gives the node.</param>
/// <param name="options">Whether the node is to be had.</param>
/// <param name="time">Clock of the patience.</param>
internal sealed class Upgrade(ProcessStart start, HandoverServer server, OverlayOptions options, TimeProvider time)
{
    // A start asks the store, and goes on without it after seconds.
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    private int _isBusy;

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

            // A successor that has the node is left alone, also where this wait was cancelled.
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

    private Process Start()
    {
        try
        {
            return ProgramStart.Of(new ProcessStartInfo(start.Program ?? "overlayd", start.Arguments));
        }
        catch (Win32Exception exception)
        {
            throw new UpgradeException($"{start.Program} cannot be started: {exception.Message}");
        }
    }
}

/// <summary>No other process has the node.</summary>
internal sealed class UpgradeException(string message) : Exception(message);
