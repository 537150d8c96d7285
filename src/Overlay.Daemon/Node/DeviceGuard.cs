using Microsoft.Extensions.Logging;
using Overlay.Linux;
using Overlay.Wire;

namespace Overlay.Daemon;

/// <summary>Watches the kernel's links, addresses and routes: what went missing of ours is put back, what changed is told.</summary>
public sealed class DeviceGuard : IDisposable
{
    // Changes come in bursts (a link going up brings addresses and routes); one look behind the burst is enough.
    private static readonly TimeSpan _settleTime = TimeSpan.FromMilliseconds(100);

    // A DHCP client or a link flap takes an address away and brings it back.
    private static readonly TimeSpan _addressGrace = TimeSpan.FromSeconds(5);

    private readonly RouteNetlink _netlink;
    private readonly OverlayDevice _device;
    private readonly UnderlayInterface _underlay;
    private readonly ILogger<DeviceGuard> _logger;
    private readonly NetlinkMonitor _monitor = new();
    private readonly Thread _thread;
    private string? _told;

    /// <param name="netlink">Used by this guard alone while it runs.</param>
    /// <param name="device">What to keep in repair.</param>
    /// <param name="underlay">Whose addresses the sockets are bound to.</param>
    /// <param name="bridgeMtuSeen">Told the MTU of the pods' bridge after each look; not while there is none.</param>
    /// <param name="failed">Told once when an underlay address is gone for good: the sockets are of no use then.</param>
    /// <param name="logger">Told of repairs that did not work.</param>
    public DeviceGuard(
        RouteNetlink netlink, OverlayDevice device, UnderlayInterface underlay, Action<int> bridgeMtuSeen, Action<Exception> failed,
        ILogger<DeviceGuard> logger)
    {
        _netlink = netlink;
        _device = device;
        _underlay = underlay;
        _logger = logger;
        _thread = new Thread(() => Run(bridgeMtuSeen, failed)) { Name = "device-guard", IsBackground = true };
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

    private void Run(Action<int> bridgeMtuSeen, Action<Exception> failed)
    {
        try
        {
            do
            {
                Repair();
                if (_device.BridgeMtu > 0) bridgeMtuSeen(_device.BridgeMtu);
                if (IsUnderlayAddressLost(out IpAddress lost))
                {
                    failed(new LinuxException("the address of the tunnels", $"{lost} dev {_underlay.Link.Name}", Errno.EADDRNOTAVAIL));
                    return;
                }
            }
            while (_monitor.Wait() && !Settle());
        }
#pragma warning disable CA1031 // Unhandled on a thread it would end the process at once, with all that it made left behind.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failed(exception);
        }
    }

    private bool Settle()
    {
        Thread.Sleep(_settleTime);
        return _monitor.IsInterrupted;
    }

    private void Repair()
    {
        try
        {
            _device.Repair();
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

    private bool IsUnderlayAddressLost(out IpAddress lost)
    {
        long giveUp = Environment.TickCount64 + (long)_addressGrace.TotalMilliseconds;
        while (FindMissingAddress(out lost) && !_monitor.IsInterrupted)
        {
            if (Environment.TickCount64 > giveUp) return true;
            Thread.Sleep(_settleTime);
        }

        return false;
    }

    private bool FindMissingAddress(out IpAddress missing)
    {
        HashSet<IpAddress> present = [.. _netlink.GetAddresses().Select(a => a.Address)];
        foreach (IpAddress address in _underlay.Addresses)
        {
            missing = address;
            if (!present.Contains(address)) return true;
        }

        missing = default;
        return false;
    }
}
