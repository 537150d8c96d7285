using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Overlay.Daemon;

/// <summary>Tells systemd when the daemon is ready, alive and stopping (sd_notify(3)); silent where nobody listens.</summary>
public sealed class SystemdNotifier(ILogger<SystemdNotifier> logger) : LifecycleService, IDisposable
{
    private readonly string? _path = Environment.GetEnvironmentVariable("NOTIFY_SOCKET");
    private Timer? _watchdog;
    private bool _hasFailed;

    public override Task StartedAsync(CancellationToken cancellationToken)
    {
        Notify("READY=1");

        // Twice as often as asked, as sd_watchdog_enabled(3) advises.
        string? interval = Environment.GetEnvironmentVariable("WATCHDOG_USEC");
        if (_path is not null && long.TryParse(interval, NumberStyles.None, CultureInfo.InvariantCulture, out long microseconds) && microseconds > 0)
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

    public void Dispose() => _watchdog?.Dispose();

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
            if (!_hasFailed) logger.LogWarning("NOTIFY_SOCKET {Path} takes no {State}: {Reason}", _path, state, exception.Message);
            _hasFailed = true;
        }
    }
}
