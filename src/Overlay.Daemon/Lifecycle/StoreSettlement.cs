using System.Threading.Channels;
using Overlay.ControlPlane.Leases;
using Overlay.Daemon.Options;

namespace Overlay.Daemon.Lifecycle;

/// <summary>
/// Has the node become what the store wants: after a start without it, and whenever it gives other pod CIDRs.
/// </summary>
/// <param name="planner">Asks the store.</param>
/// <param name="source">The store.</param>
/// <param name="changes">Where the answers go.</param>
/// <param name="time">Clock of the pause between two askings.</param>
internal sealed class StoreSettlement(
    NodePlanner planner, ILeaseSource source, ChannelWriter<NodeChange> changes, TimeProvider time)
{
    private static readonly TimeSpan _retryAfter = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Asks the store until the node is as it wants it. What this node cannot be is not tried again; another answer is.
    /// </summary>
    /// <exception cref="OperationCanceledException">Told to stop.</exception>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        OverlayOptions? refused = null;
        while (true)
        {
            NodePlan plan = await planner.SettleAsync(cancellationToken);
            if (plan.Options != refused)
            {
                NodeChange.Settled settled = new(plan);
                _ = changes.TryWrite(settled);
                if (await settled.Tried.Task.WaitAsync(cancellationToken)) return;
                refused = plan.Options;
            }

            await Task.Delay(_retryAfter, time, cancellationToken);
        }
    }

    /// <summary>Passes on other pod CIDRs than those that were published.</summary>
    /// <exception cref="OperationCanceledException">Told to stop.</exception>
    public async Task FollowPodCidrsAsync(CancellationToken cancellationToken)
    {
        await foreach (PodCidrs podCidrs in source.WatchPodCidrsAsync(cancellationToken)) _ =
            changes.TryWrite(new NodeChange.Reassigned(podCidrs));
    }
}
