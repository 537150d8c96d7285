using Overlay.Daemon.Lifecycle;

namespace Overlay.Daemon.Hosting;

/// <summary>
/// Ties the node's life to the host's: it begins when the admin socket answers already, and ends before that does.
/// </summary>
internal sealed class OverlayService(NodeLifecycle lifecycle) : LifecycleService
{
    public override Task StartedAsync(CancellationToken cancellationToken) => lifecycle.StartAsync(cancellationToken);

    // After a start that failed half-way the host stops nothing, and disposes the lifecycle instead.
    public override Task StoppingAsync(CancellationToken cancellationToken) => lifecycle.StopAsync();
}
