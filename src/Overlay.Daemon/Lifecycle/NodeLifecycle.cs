using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Networks;

namespace Overlay.Daemon.Lifecycle;

/// <summary>
/// The node's life: store asked, node made, leases read, workers running, own lease published; the reverse at the end.
/// </summary>
/// <remarks>
/// Workers start behind the first table, else a restart would drop what peers already send. Start and stop are called
/// one after the other, and any thread may read the phase.
/// </remarks>
/// <param name="planner">Asks the store what this node is to be.</param>
/// <param name="make">Makes the node and what belongs to it; leaves nothing where that fails.</param>
/// <param name="predecessor">The overlayd that runs this node until this one does; null for none.</param>
/// <param name="store">Keeps the descriptors while no daemon runs.</param>
/// <param name="context">Knows whether what the kernel keeps is this process's.</param>
/// <param name="settlement">Keeps the node as the store wants it.</param>
/// <param name="publisher">Announces the node.</param>
/// <param name="faults">Gets what ends the daemon.</param>
/// <param name="time">Clock of the start.</param>
/// <param name="logger">Logs the node as it starts, and its end.</param>
internal sealed class NodeLifecycle(
    NodePlanner planner, Func<NodePlan, InheritedNode?, NodeParts> make, IPredecessor? predecessor,
    IDescriptorStore store, NetworkContext context, StoreSettlement settlement, NodePublisher publisher,
    FatalFault faults, TimeProvider time, ILogger<NodeLifecycle> logger) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();

    // What publishes ends before the lease is withdrawn; the watch, which keeps a store in order, after that.
    private readonly CancellationTokenSource _leaving = new();
    private volatile NodePhase _phase = new NodePhase.Planning();

    public NodePhase Phase => _phase;

    /// <summary>
    /// Brings the node up. A store that cannot be read is waited for; being told to stop meanwhile ends that.
    /// </summary>
    /// <exception cref="ConfigurationException">Configuration, store and host do not fit together.</exception>
    /// <exception cref="IOException">The kernel, or a file, refused something.</exception>
    /// <exception cref="OperationCanceledException">Told to stop.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using CancellationTokenRegistration toldToStop = cancellationToken.Register(_stopping.Cancel);
        NodePlan plan = await planner.PlanAsync(_stopping.Token);

        InheritedNode? inherited = Inherit(plan);
        context.IsGuest = inherited is not null;
        NodeParts parts = make(plan, inherited ?? store.Take(plan));
        _phase = new NodePhase.Reading(parts);
        await parts.Follower.ReadFirstAsync(plan.IsFromSavedState, _stopping.Token);
        publisher.CheckConflicts(parts.Node.Own, plan.Known, parts.Reconciler.Peers);

        if (inherited is not null) TakeOver(parts.Node);
        else parts.Node.Start();
        Task following = RunAsync("the control plane", parts.Follower.FollowAsync);
        _phase = new NodePhase.Announcing(parts, following);
        publisher.Begin(plan);
        await publisher.PublishAsync(parts.Node.Own, parts.Node.Options, cancellationToken);
        publisher.WriteSubnetFile(parts.Node.Options, parts.Node.Network.Mtu.Pod);
        predecessor?.Confirm();
        context.IsGuest = false;

        // The store's copies of the sockets would keep the port from the kernel.
        store.Forget();
        parts.Node.SettleTier();
        parts.Node.CheckTier();
        store.Keep(parts.Node.Descriptors);
        logger.LogNode(parts.Node);
        logger.LogOtherAddresses(parts.Node.Own, plan.Known);

        Task changing = Task.WhenAll(
            RunAsync("the node", () => parts.Changes.RunAsync(_leaving.Token)),
            RunAsync("the control plane", () => settlement.FollowPodCidrsAsync(_leaving.Token)),
            RunAsync("the control plane", () => SettleAsync(plan)));
        _phase = new NodePhase.Running(parts, following, changing, time.GetUtcNow());
    }

    /// <summary>
    /// Takes down what there is, and leaves nothing, or what <c>KeepAtStop</c> keeps. May be called again, and after a
    /// start that failed half-way.
    /// </summary>
    public async Task StopAsync()
    {
        NodePhase before = _phase;
        switch (before)
        {
            case NodePhase.Planning:
                // A store that was asked may still give this node pod CIDRs.
                _phase = new NodePhase.Stopped();
                await _leaving.CancelAsync();
                await _stopping.CancelAsync();
                break;
            case NodePhase.HandedOver handedOver:
                _phase = new NodePhase.Stopped();
                handedOver.Parts.Node.Dispose();
                break;
            case NodePhase.Made made and not NodePhase.Leaving:
                _phase = new NodePhase.Leaving(made);
                await TakeDownAsync(made);
                break;
        }
    }

    /// <summary>
    /// Ends all work and leaves lease, subnet file and the kernel's state to another process, which has the
    /// descriptors.
    /// </summary>
    /// <exception cref="InvalidOperationException">The node is not running.</exception>
    public async Task HandOverAsync()
    {
        if (_phase is not NodePhase.Running running)
            throw new InvalidOperationException("only a node that runs can be handed over");
        await _leaving.CancelAsync();
        await running.Changing;
        await _stopping.CancelAsync();
        await running.Following;
        running.Parts.Node.Stop();
        _phase = new NodePhase.HandedOver(running.Parts);
        logger.NodeHandedOver(running.Parts.Node.Options.NodeName);
    }

    /// <summary>The same as a stop: the host disposes without one when a start fails half-way.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
        _leaving.Dispose();
    }

    private InheritedNode? Inherit(NodePlan plan)
    {
        if (predecessor is null) return null;

        // A plan that cannot be carried out is no reason for the overlayd before to end.
        NodeAddressPlan.Check(plan.Options, plan.Underlay);
        _ = OverlayMtu.For(plan.Options, plan.Underlay);
        return predecessor.Inherit(plan);
    }

    private void TakeOver(LocalNode node)
    {
        node.Prepare();
        predecessor!.Prepare();
        long since = predecessor.Release();
        node.Resume();
        TimeSpan pause = Stopwatch.GetElapsedTime(since);
        logger.NodeTakenOver(node.Options.NodeName, pause.TotalMilliseconds);
        node.Start();
    }

    private async Task TakeDownAsync(NodePhase.Made before)
    {
        LocalNode node = before.Parts.Node;
        bool isKept = context.IsGuest || (before is NodePhase.Running && node.Options.KeepAtStop);
        try
        {
            await _leaving.CancelAsync();
            if (before is NodePhase.Running running) await running.Changing;

            // Peers hear first: what they no longer send need not be drained.
            if (before is not NodePhase.Reading && !context.IsGuest)
                await publisher.WithdrawAsync(node.Own, before.Parts.Reconciler.Peers);
            await _stopping.CancelAsync();
            await FollowingOf(before);
            if (before is NodePhase.Running && !isKept) await publisher.RemoveSubnetFileAsync();
        }
        finally
        {
            if (isKept) Keep(node);
            else
            {
                store.Forget();
                Remove(node);
            }

            _phase = new NodePhase.Stopped();
        }

        if (before is NodePhase.Running) logger.NodeStopped(node.Options.NodeName);
    }

    private static void Remove(LocalNode node)
    {
        try
        {
            node.Stop();
            node.RemoveFromKernel();
        }
        finally
        {
            node.Dispose();
        }
    }

    // The next run takes over what the kernel keeps: device, routes, rules.
    private static void Keep(LocalNode node)
    {
        try
        {
            node.Stop();
        }
        finally
        {
            node.Dispose();
        }
    }

    private static Task FollowingOf(NodePhase.Made phase) => phase switch
    {
        NodePhase.Announcing announcing => announcing.Following,
        NodePhase.Running running => running.Following,
        _ => Task.CompletedTask,
    };

    private async Task SettleAsync(NodePlan plan)
    {
        if (plan.IsFromSavedState) await settlement.SettleAsync(_leaving.Token);
        await publisher.ReportReadyAsync(_leaving.Token);
    }

    private async Task RunAsync(string part, Func<Task> work)
    {
        // The start goes on at once, whatever the part has to do first.
        await Task.Yield();
        try
        {
            await work();
        }
        catch (OperationCanceledException) when (_leaving.IsCancellationRequested || _stopping.IsCancellationRequested)
        {
            logger.PartEnded(part);
        }
#pragma warning disable CA1031 // A part that ends for any reason leaves a table or a node that nobody keeps: better to start anew.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            faults.Raise(part, exception);
        }
    }
}
