using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Lifecycle;

namespace Overlay.Daemon.Hosting;

/// <summary>
/// Notifies systemd that the daemon is ready, alive or stopping (sd_notify(3)); silent where nobody listens.
/// </summary>
/// <param name="waitingFor">
/// The answer that the start waits for; null when it waits for none. As long as it does, systemd is asked for more
/// time.
/// </param>
/// <param name="time">Clock of that asking.</param>
/// <param name="logger">Logs a socket that takes no message.</param>
internal sealed class SystemdNotifier(
    Func<string?> waitingFor, TimeProvider time, ILogger<SystemdNotifier> logger) : LifecycleService, IDisposable
{
    // Each time for longer than until the next: a loaded host may be late with it.
    private static readonly TimeSpan _extension = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _extendFirst = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _extendEvery = TimeSpan.FromSeconds(10);

    private readonly string? _path = Environment.GetEnvironmentVariable("NOTIFY_SOCKET");
    private Timer? _watchdog;
    private ITimer? _extending;
    private bool _hasFailed;

    public override Task StartingAsync(CancellationToken cancellationToken)
    {
        if (_path is not null) _extending = time.CreateTimer(_ => ExtendStart(), null, _extendFirst, _extendEvery);
        return Task.CompletedTask;
    }

    public override Task StartedAsync(CancellationToken cancellationToken)
    {
        _extending?.Dispose();
        Notify("READY=1\nSTATUS=");

        // Twice as often as asked, as sd_watchdog_enabled(3) advises.
        string? interval = Environment.GetEnvironmentVariable("WATCHDOG_USEC");
        if (_path is not null && long.TryParse(
            interval, NumberStyles.None, CultureInfo.InvariantCulture, out long microseconds) && microseconds > 0)
        {
            TimeSpan half = TimeSpan.FromMicroseconds(microseconds / 2);
            _watchdog = new Timer(_ => Notify("WATCHDOG=1"), null, half, half);
        }

        return Task.CompletedTask;
    }

    public override Task StoppingAsync(CancellationToken cancellationToken)
    {
        Notify("STOPPING=1");
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _watchdog?.Dispose();
        _extending?.Dispose();
    }

    // A start that hangs elsewhere is not given more time.
    private void ExtendStart()
    {
        if (waitingFor() is { } what)
            Notify(string.Create(CultureInfo.InvariantCulture,
                $"EXTEND_TIMEOUT_USEC={(long)_extension.TotalMicroseconds}\nSTATUS=waiting for {what}"));
    }

    private void Notify(string state)
    {
        if (string.IsNullOrEmpty(_path)) return;

        try
        {
            // A leading @ stands for the zero byte of an abstract socket.
            string address = _path[0] == '@' ? '\0' + _path[1..] : _path;
            using Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            _ = socket.SendTo(Encoding.UTF8.GetBytes(state), new UnixDomainSocketEndPoint(address));
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            // NOTIFY_SOCKET may be inherited from somebody else's service; pods' packets matter more.
            if (!_hasFailed) logger.SystemdNotNotified(_path, state, exception.Message);
            _hasFailed = true;
        }
    }
}
