using Overlay.Daemon.Lifecycle;

namespace Overlay.Daemon.Hosting;

/// <summary>
/// Ties the node's life to the host's: it begins when the admin socket answers already, and ends before that does.
/// </summary>
/// <remarks>
/// A node that another overlayd runs is taken over first: until then that one's admin socket answers, and it forwards
/// whatever becomes of this process.
/// </remarks>
/// <param name="lifecycle">The node's life.</param>
/// <param name="predecessor">Runs the node; null for none.</param>
internal sealed class OverlayService(NodeLifecycle lifecycle, IPredecessor? predecessor = null) : LifecycleService
{
    public override Task StartingAsync(CancellationToken cancellationToken) =>
        predecessor is null ? Task.CompletedTask : lifecycle.StartAsync(cancellationToken);

    public override Task StartedAsync(CancellationToken cancellationToken) =>
        predecessor is null ? lifecycle.StartAsync(cancellationToken) : Task.CompletedTask;

    // After a start that failed half-way the host stops nothing, and disposes the lifecycle instead.
    public override Task StoppingAsync(CancellationToken cancellationToken) => lifecycle.StopAsync();
}
