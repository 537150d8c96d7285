using System.Globalization;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Handover;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Problems;

namespace Overlay.Daemon.Hosting;

/// <summary>
/// Notifies systemd that the daemon is ready, alive or stopping (sd_notify(3)); silent where nobody listens.
/// </summary>
/// <remarks>
/// A daemon that waits for others is ready for systemd: units behind it, as kubelet's, may be those that bring what it
/// waits for.
/// </remarks>
/// <param name="waitingFor">The answer that the start waits for; null when it waits for none.</param>
/// <param name="outcome">Knows that another process is the service's.</param>
/// <param name="isSuccessor">Another process is the service's until the start is done, and systemd hears none else.</param>
/// <param name="time">Clock of the looks at that.</param>
/// <param name="guard">Notes faults of the looks.</param>
/// <param name="logger">Logs a socket that takes no message.</param>
internal sealed class SystemdNotifier(
    Func<string?> waitingFor, ProcessOutcome outcome, bool isSuccessor, TimeProvider time, PartGuard guard,
    ILogger<SystemdNotifier> logger) : LifecycleService, IDisposable
{
    private const string Part = "the notifier of systemd";

    // A store that is there answers within it.
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan _lookEvery = TimeSpan.FromSeconds(1);

    private readonly string? _path = NotifySocket.Path;
    private readonly Lock _gate = new();
    private Timer? _watchdog;
    private ITimer? _looking;
    private string? _said;
    private bool _hasStarted;
    private bool _hasFailed;

    public override Task StartingAsync(CancellationToken cancellationToken)
    {
        if (!string.IsNullOrEmpty(_path) && !isSuccessor)
            _looking = time.CreateTimer(_ => guard.Try(Part, Look), null, _patience, _lookEvery);
        return Task.CompletedTask;
    }

    public override Task StartedAsync(CancellationToken cancellationToken)
    {
        _looking?.Dispose();
        lock (_gate)
        {
            _hasStarted = true;
            Notify("READY=1\nSTATUS=");
            StartWatchdog();
        }

        return Task.CompletedTask;
    }

    public override Task StoppingAsync(CancellationToken cancellationToken)
    {
        Notify(outcome.Successor is { } successor ? $"MAINPID={successor}" : "STOPPING=1");
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _watchdog?.Dispose();
        _looking?.Dispose();
    }

    // A start that hangs elsewhere is not ready, and systemd's own patience ends it.
    private void Look()
    {
        lock (_gate)
        {
            if (_hasStarted || waitingFor() is not { } what || what == _said) return;
            _said = what;
            Notify($"READY=1\nSTATUS=waiting for {what}");
            StartWatchdog();
        }
    }

    // Twice as often as asked, as sd_watchdog_enabled(3) advises.
    private void StartWatchdog()
    {
        string? interval = Environment.GetEnvironmentVariable("WATCHDOG_USEC");
        if (_watchdog is not null || string.IsNullOrEmpty(_path)
            || !long.TryParse(interval, NumberStyles.None, CultureInfo.InvariantCulture, out long microseconds)
            || microseconds <= 0)
            return;
        TimeSpan half = TimeSpan.FromMicroseconds(microseconds / 2);

        // At once too: systemd counts from the last one of the process before, where this one has taken over from it.
        _watchdog = new Timer(_ => guard.Try(Part, () => Notify("WATCHDOG=1")), null, TimeSpan.Zero, half);
    }

    private void Notify(string state)
    {
        if (string.IsNullOrEmpty(_path)) return;

        try
        {
            NotifySocket.Send(_path, state);
        }
        catch (Exception exception) when (exception is SocketException or IOException or ArgumentException)
        {
            // NOTIFY_SOCKET may be inherited from somebody else's service; pods' packets matter more.
            if (!_hasFailed) logger.SystemdNotNotified(_path, state, exception.Message);
            _hasFailed = true;
        }
    }
}
