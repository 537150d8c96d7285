using Microsoft.Extensions.Logging;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Options;
using Overlay.Daemon.Problems;

namespace Overlay.Daemon.CniInstall;

/// <summary>Frees at the start, and then now and then, the addresses of pods that nobody has deleted.</summary>
/// <remarks>
/// The plugin's records are root's. A daemon that is not root leaves them to <c>overlayd free-addresses</c>, which a
/// timer of systemd runs.
/// </remarks>
internal sealed class LeakedAddresses(
    OverlayOptions options, ProblemBoard problems, ILogger<LeakedAddresses> logger) : LifecycleService, IDisposable
{
    private const string Key = "addresses of pods that are gone";

    private readonly LeakedAddressSweep _sweep = new(options.CniInstall, logger);
    private Timer? _timer;

    public override Task StartedAsync(CancellationToken cancellationToken)
    {
        if (Environment.IsPrivilegedProcess)
            _timer = new Timer(
                _ => problems.Guard.Try("the sweep of leaked addresses", Sweep), null, TimeSpan.Zero,
                LeakedAddressSweep.Interval);
        return Task.CompletedTask;
    }

    public override Task StoppingAsync(CancellationToken cancellationToken)
    {
        _timer?.Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _timer?.Dispose();

    private void Sweep() => problems.Report(Key, ProblemSeverity.Warning, _sweep.Run());
}
