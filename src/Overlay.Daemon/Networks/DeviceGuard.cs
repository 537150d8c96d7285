using Microsoft.Extensions.Logging;
using Overlay.Daemon.Underlay;
using Overlay.Host.Netlink;

namespace Overlay.Daemon.Networks;

/// <summary>
/// Puts back what goes missing of a network's device and direct routes, and looks at the pods' bridge.
/// </summary>
internal sealed class DeviceGuard : IDisposable
{
    private readonly OverlayDevice _device;
    private readonly DirectRoutes? _directRoutes;
    private readonly WayCheck? _ways;
    private readonly ILogger<DeviceGuard> _logger;
    private readonly KernelWatch _watch;
    private string? _logged;

    /// <summary>Begins to watch.</summary>
    /// <param name="device">To be kept in repair; its rtnetlink is used by this guard alone while it runs.</param>
    /// <param name="directRoutes">To be kept in repair; null where there are none.</param>
    /// <param name="ways">Looks where packets go; null where nobody asks.</param>
    /// <param name="bridgeSeen">Called with the pods' bridge after each look, or with null while there is none.</param>
    /// <param name="failed">Called once when the guard cannot go on.</param>
    /// <param name="logger">Logs repairs that did not work.</param>
    public DeviceGuard(
        OverlayDevice device, DirectRoutes? directRoutes, WayCheck? ways, Action<LinkInfo?> bridgeSeen,
        Action<Exception> failed, ILogger<DeviceGuard> logger)
    {
        _device = device;
        _directRoutes = directRoutes;
        _ways = ways;
        _logger = logger;
        _watch = new KernelWatch("device-guard", Look, failed);

        bool Look()
        {
            bool isDueAgain = !TryRepair();
            bridgeSeen(_device.Bridge);
            return isDueAgain;
        }
    }

    /// <summary>Ends the guard; nothing is repaired after this returns.</summary>
    public void Dispose()
    {
        _watch.Dispose();
        _ways?.Withdraw();
    }

    // A kernel that refuses for want of memory or descriptors takes the next try, though nothing changes meanwhile.
    private bool TryRepair()
    {
        _directRoutes?.Repair();
        try
        {
            _device.Repair();
            _ways?.Look(_device.Name, _device.Bridge);
            _logged = null;
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A device that is gone for good ends its reader, and that the daemon.
            if (exception.Message != _logged) _logger.RepairFailed(_device.Name, exception.Message);
            _logged = exception.Message;
            return false;
        }
    }
}
