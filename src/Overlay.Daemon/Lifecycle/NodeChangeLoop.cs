using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Reconciliation;
using Overlay.Daemon.Options;
using Overlay.Daemon.Problems;
using Overlay.Daemon.Underlay;

namespace Overlay.Daemon.Lifecycle;

/// <summary>
/// Applies what changes the node while it runs, one after the other, and announces the node as it is then.
/// </summary>
/// <param name="changes">In the order in which they came.</param>
/// <param name="node">Is moved and made anew.</param>
/// <param name="follower">Measures the peers against the node as it is then.</param>
/// <param name="publisher">Announces it.</param>
/// <param name="store">Keeps the descriptors that the node has then.</param>
/// <param name="problems">Gets what was refused.</param>
/// <param name="logger">Logs the node as it is then.</param>
internal sealed class NodeChangeLoop(
    ChannelReader<NodeChange> changes, LocalNode node, LeaseFollower follower, NodePublisher publisher,
    IDescriptorStore store, ProblemBoard problems, ILogger<NodeChangeLoop> logger)
{
    /// <summary>Runs until it is told to stop.</summary>
    /// <exception cref="InvalidOperationException">
    /// The node could not be made anew, and not as it was either.
    /// </exception>
    /// <exception cref="OperationCanceledException">Told to stop.</exception>
    public async Task RunAsync(CancellationToken leaving)
    {
        await foreach (NodeChange change in changes.ReadAllAsync(leaving))
        {
            if (change is NodeChange.HandingOver handing)
            {
                await StandStillAsync(handing, leaving);
                continue;
            }

            if (!await TryApplyAsync(change, leaving)) continue;
            store.Keep(node.Descriptors);
            await publisher.PublishAsync(node.Own, node.Options, leaving);
            await publisher.TryWriteSubnetFileAsync(node.Options, node.Network.Mtu.Pod);
            logger.LogNode(node);
        }
    }

    // Between two other changes: device and sockets stay as the other process has got them.
    private static Task StandStillAsync(NodeChange.HandingOver handing, CancellationToken leaving)
    {
        handing.Begun.SetResult();
        return handing.Over.Task.WaitAsync(leaving);
    }

    /// <summary>False where the node stays as it is: then nothing is new, and the board has the reason.</summary>
    private async Task<bool> TryApplyAsync(NodeChange change, CancellationToken leaving)
    {
        bool isApplied = false;
        try
        {
            await ApplyAsync(change, leaving);
            isApplied = true;
            problems.Report(KeyOf(change), ProblemSeverity.Problem);
        }
        catch (ConfigurationException exception)
        {
            problems.Report(KeyOf(change), ProblemSeverity.Problem, $"this node stays as it is: {exception.Message}");
        }
        finally
        {
            if (change is NodeChange.Settled settled) settled.Tried.SetResult(isApplied);
        }

        return isApplied;
    }

    // What the underlay is and what the store has given are faults of their own: one does not end with the other.
    private static string KeyOf(NodeChange change) => change is NodeChange.Moved ? "move" : "assignment";

    private async Task ApplyAsync(NodeChange change, CancellationToken leaving)
    {
        switch (change)
        {
            case NodeChange.Moved:
                await node.MoveAsync(leaving);
                follower.Rebase(node.Own, node.Plan);
                break;
            case NodeChange.Reassigned reassigned:
                await ReassignAsync(StoreSettings.Assign(node.Options, reassigned.PodCidrs), leaving);
                break;
            case NodeChange.Settled settled:
                await ReassignAsync(settled.Plan.Options, leaving);
                publisher.Settle(settled.Plan.Settings);
                break;
        }
    }

    private async Task ReassignAsync(OverlayOptions options, CancellationToken leaving)
    {
        if (options == node.Options) return;
        UnderlayInterface underlay = await node.FindUnderlayAsync(leaving);
        NodeAddressPlan.Check(options, underlay);
        logger.NodeIsMadeAnew();
        try
        {
            node.Rebuild(options, underlay);
        }
        catch (ConfigurationException)
        {
            Resume();
            throw;
        }

        Resume();
    }

    private void Resume()
    {
        follower.Rebase(node.Own, node.Plan);
        node.Start();
        store.Forget();
        node.SettleTier();
    }
}
