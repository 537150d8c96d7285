using Microsoft.Extensions.Logging;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Options;

namespace Overlay.Daemon.CniInstall;

/// <summary>Frees at the start, and then now and then, the addresses of pods that nobody has deleted.</summary>
/// <remarks>What the plugin writes is root's. A daemon that is not root leaves it to <c>overlayd free-addresses</c>, which a timer of systemd runs.</remarks>
internal sealed class LeakedAddresses(OverlayOptions options, ILogger<LeakedAddresses> logger) : LifecycleService, IDisposable
{
    private readonly LeakedAddressSweep _sweep = new(options.CniInstall, logger);
    private Timer? _timer;

    public override Task StartedAsync(CancellationToken cancellationToken)
    {
        if (Environment.IsPrivilegedProcess) _timer = new Timer(_ => _sweep.Run(), null, TimeSpan.Zero, LeakedAddressSweep.Interval);
        return Task.CompletedTask;
    }

    public override Task StoppingAsync(CancellationToken cancellationToken)
    {
        _timer?.Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _timer?.Dispose();
}
