using Microsoft.Extensions.Logging;
using Overlay.Linux;

namespace Overlay.Daemon;

/// <summary>Watches the kernel's links, addresses and routes, and has the device put back what went missing of its own.</summary>
public sealed class DeviceGuard : IDisposable
{
    // Changes come in bursts (a link going up brings addresses and routes); one look behind the burst is enough.
    private static readonly TimeSpan _settleTime = TimeSpan.FromMilliseconds(100);

    private readonly OverlayDevice _device;
    private readonly ILogger<DeviceGuard> _logger;
    private readonly NetlinkMonitor _monitor = new();
    private readonly Thread _thread;

    public DeviceGuard(OverlayDevice device, ILogger<DeviceGuard> logger)
    {
        _device = device;
        _logger = logger;
        _thread = new Thread(Run) { Name = "device-guard", IsBackground = true };
    }

    public void Start() => _thread.Start();

    /// <summary>Ends the watch; nothing is repaired after this returns.</summary>
    public void Stop()
    {
        _monitor.Interrupt();
        if (_thread.ThreadState.HasFlag(ThreadState.Unstarted)) return;
        _thread.Join();
    }

    public void Dispose() => _monitor.Dispose();

    private void Run()
    {
        while (_monitor.Wait())
        {
            Thread.Sleep(_settleTime);
            try
            {
                _device.Repair();
            }
            catch (LinuxException exception)
            {
                // The next change brings the next try; a device that is gone for good ends its reader, and that the daemon.
                _logger.LogError("could not repair {Device}: {Reason}", _device.Tun.Name, exception.Message);
            }
        }
    }
}
