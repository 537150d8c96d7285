using Microsoft.Extensions.Logging;
using Overlay.Daemon.Underlay;
using Overlay.Host.Netlink;

namespace Overlay.Daemon.Networks;

/// <summary>Watches the kernel's links, addresses and routes: what went missing of ours is put back, what changed is told.</summary>
internal sealed class DeviceGuard : IDisposable
{
    // Changes come in bursts (a link going up brings addresses and routes); one look behind the burst is enough.
    private static readonly TimeSpan _settleTime = TimeSpan.FromMilliseconds(100);

    private readonly OverlayDevice _device;
    private readonly UnderlayWatch _underlay;
    private readonly DirectRoutes? _directRoutes;
    private readonly ILogger<DeviceGuard> _logger;
    private readonly NetlinkMonitor _monitor = new();
    private readonly Thread _thread;
    private string? _told;

    /// <param name="device">What to keep in repair; its rtnetlink is used by this guard alone while it runs.</param>
    /// <param name="underlay">Looks at the addresses the sockets are bound to.</param>
    /// <param name="directRoutes">Plain routes to keep in repair; null where there are none.</param>
    /// <param name="bridgeMtuSeen">Told the MTU of the pods' bridge after each look; not while there is none.</param>
    /// <param name="failed">Told once when the guard cannot go on.</param>
    /// <param name="logger">Told of repairs that did not work.</param>
    public DeviceGuard(
        OverlayDevice device, UnderlayWatch underlay, DirectRoutes? directRoutes, Action<int> bridgeMtuSeen, Action<Exception> failed,
        ILogger<DeviceGuard> logger)
    {
        _device = device;
        _underlay = underlay;
        _directRoutes = directRoutes;
        _logger = logger;
        _thread = new Thread(() => Run(bridgeMtuSeen, failed)) { Name = "device-guard", IsBackground = true };
    }

    /// <summary>What the tunnels lack on the underlay; null when nothing. Any thread may read it.</summary>
    public string? Problem => _underlay.Problem;

    public void Start() => _thread.Start();

    /// <summary>Ends the watch; nothing is repaired after this returns.</summary>
    public void Stop()
    {
        _monitor.Interrupt();
        if (_thread.ThreadState.HasFlag(ThreadState.Unstarted)) return;
        _thread.Join();
    }

    public void Dispose() => _monitor.Dispose();

    private void Run(Action<int> bridgeMtuSeen, Action<Exception> failed)
    {
        try
        {
            while (!_monitor.IsInterrupted)
            {
                Repair();
                if (_device.BridgeMtu > 0) bridgeMtuSeen(_device.BridgeMtu);
                bool isDueSoon = _underlay.Look();
                if (!isDueSoon && !_monitor.Wait()) return;
                Thread.Sleep(_settleTime);
            }
        }
#pragma warning disable CA1031 // Unhandled on a thread it would end the process at once, with all that it made left behind.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failed(exception);
        }
    }

    private void Repair()
    {
        try
        {
            _device.Repair();
            _directRoutes?.Repair();
            _told = null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The next change brings the next try; a device that is gone for good ends its reader, and that the daemon.
            if (exception.Message == _told) return;
            _told = exception.Message;
            _logger.LogError("could not repair {Device}: {Reason}", _device.Name, exception.Message);
        }
    }
}
