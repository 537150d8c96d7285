using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Probes;

namespace Overlay.Daemon.Hosting;

/// <summary>Probes the peers for as long as there is a node.</summary>
internal sealed class PeerProbing(MeshWatch mesh) : LifecycleService
{
    /// <inheritdoc/>
    public override Task StartedAsync(CancellationToken cancellationToken)
    {
        mesh.Start();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task StoppingAsync(CancellationToken cancellationToken)
    {
        mesh.Dispose();
        return Task.CompletedTask;
    }
}
