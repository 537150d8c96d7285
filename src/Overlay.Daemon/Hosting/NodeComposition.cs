using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Reconciliation;
using Overlay.ControlPlane.State;
using Overlay.ControlPlane.Trust;
using Overlay.Daemon.Handover;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Metrics;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Daemon.Problems;
using Overlay.Daemon.Underlay;
using Overlay.Dataplane.Forwarding;

namespace Overlay.Daemon.Hosting;

/// <summary>
/// All that is made for the node: once a process (<see cref="AddNode"/>), and once a plan (<see cref="MakeParts"/>).
/// </summary>
internal static class NodeComposition
{
    /// <summary>
    /// Adds the node's life and its status. Store, clock and the end of the process may be there already, as in tests.
    /// </summary>
    public static IServiceCollection AddNode(this IServiceCollection services, OverlayOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ProcessOutcome>();
        services.TryAddSingleton(ProcessStart.Unknown);
        services.TryAddSingleton(
            provider => LeaseSources.Create(options, provider.GetRequiredService<ILoggerFactory>()));
        return services
            .AddSingleton(options)
            .AddSingleton<FatalFault>()
            .AddSingleton<ProblemBoard>()
            .AddSingleton<UnderlayWait>()
            .AddSingleton<DaemonMeter>()
            .AddSingleton(Channel.CreateUnbounded<NodeChange>())
            .AddSingleton(static provider => provider.GetRequiredService<Channel<NodeChange>>().Writer)

            // The network: its table and counters outlive the device.
            .AddSingleton(static provider => new TablePublisher(
                (follower, fault) => provider.Logger<TablePublisher>().FollowerFailed(follower.GetType().Name, fault)))
            .AddSingleton(new NetworkCounters(UnderlayEndpoint.QueueCount(options.Dataplane)))
            .AddSingleton(static provider => new NetworkContext(
                provider.GetRequiredService<TablePublisher>(), provider.GetRequiredService<NetworkCounters>(),
                provider.GetRequiredService<ProblemBoard>(), provider.GetRequiredService<UnderlayWait>(),
                provider.GetRequiredService<FatalFault>().Raise, provider.GetRequiredService<ILoggerFactory>()))

            // The store, and what it said to earlier runs.
            .AddSingleton(static provider => provider.GetRequiredService<ILeaseSource>().Location)
            .AddSingleton(provider => new AssignmentFile(options.StateDirectory, provider.Logger<AssignmentFile>()))
            .AddSingleton<SavedAssignment>()
            .AddSingleton(provider =>
                new SnapshotHold(options.ControlPlane.Hold, provider.Time(), provider.Logger<SnapshotHold>()))

            // The life.
            .AddSingleton<Func<OverlayOptions, UnderlayFinding>>(UnderlayDiscovery.Find)
            .AddSingleton<Func<NodePlan, InheritedNode?, NodeParts>>(
                static provider => (plan, inherited) => MakeParts(provider, plan, inherited))
            .AddSingleton<IDescriptorStore, ServiceStore>()
            .AddSingleton<NodePlanner>()
            .AddSingleton(provider => new NodePublisher(
                options, provider.GetRequiredService<ILeaseSource>(), provider.GetRequiredService<SavedAssignment>(),
                WithdrawnClaims(provider), provider.GetRequiredService<ProblemBoard>(), provider.Time(),
                provider.Logger<NodePublisher>()))
            .AddSingleton<StoreSettlement>()
            .AddSingleton(static provider => new NodeLifecycle(
                provider.GetRequiredService<NodePlanner>(),
                provider.GetRequiredService<Func<NodePlan, InheritedNode?, NodeParts>>(),
                provider.GetService<IPredecessor>(), provider.GetRequiredService<IDescriptorStore>(),
                provider.GetRequiredService<NetworkContext>(),
                provider.GetRequiredService<StoreSettlement>(), provider.GetRequiredService<NodePublisher>(),
                provider.GetRequiredService<FatalFault>(), provider.Time(), provider.Logger<NodeLifecycle>()))
            .AddSingleton<NodeStatus>();
    }

    /// <summary>Makes the node of a plan, with its device and sockets, and all that works with it.</summary>
    /// <exception cref="ConfigurationException">
    /// Configuration and host do not fit together; nothing is left.
    /// </exception>
    /// <exception cref="LinuxException">The kernel refused; nothing is left.</exception>
    private static NodeParts MakeParts(IServiceProvider provider, NodePlan plan, InheritedNode? inherited)
    {
        (OverlayOptions options, TimeProvider time) = (provider.GetRequiredService<OverlayOptions>(), provider.Time());
        Channel<NodeChange> changes = provider.GetRequiredService<Channel<NodeChange>>();
        ILeaseSource source = provider.GetRequiredService<ILeaseSource>();
        ProblemBoard problems = provider.GetRequiredService<ProblemBoard>();

        FormerFlannel? former = options.ControlPlane.GivesPodCidrs
            ? new(plan.Options.Network.Vni, new FlannelProcesses(), provider.Logger<LocalNode>())
            : null;
        VtepMacs macs = OwnLease.ChooseMacs(
            plan, new VtepMacStore(options.StateDirectory, options.NodeName, provider.Logger<VtepMacStore>()));
        LocalNode node = new(plan, macs, provider.GetRequiredService<NetworkContext>(), () =>
            _ = changes.Writer.TryWrite(new NodeChange.Moved()), inherited, former);
        try
        {
            LeaseReconciler reconciler = new(
                node.Own, node.Plan, options.ControlPlane.WithdrawsLease ? LeaseReconciler.ClaimGrace : TimeSpan.Zero,
                provider.GetRequiredService<TablePublisher>(), time, provider.Logger<LeaseReconciler>());
            SavedLeases cache = new(options.StateDirectory, source.Location, provider.Logger<SavedLeases>());
            LeaseFollower follower = new(
                source, reconciler, provider.GetRequiredService<SnapshotHold>(), cache, time,
                provider.Logger<LeaseFollower>(), provider.GetRequiredService<DaemonMeter>().Converged);
            return new NodeParts(node, reconciler, follower, new NodeChangeLoop(
                changes.Reader, node, follower, provider.GetRequiredService<NodePublisher>(),
                provider.GetRequiredService<IDescriptorStore>(), problems, provider.Logger<NodeChangeLoop>()));
        }
        catch
        {
            node.RemoveFromKernel();
            node.Dispose();
            throw;
        }
    }

    // Where leases outlive a stop nobody waits for what was in them.
    private static WithdrawnClaimStore? WithdrawnClaims(IServiceProvider provider)
    {
        OverlayOptions options = provider.GetRequiredService<OverlayOptions>();
        return options.ControlPlane.WithdrawsLease
            ? new(options.StateDirectory, provider.GetRequiredService<StoreLocation>(), provider.Time(),
                provider.Logger<WithdrawnClaimStore>())
            : null;
    }

    private static TimeProvider Time(this IServiceProvider provider) => provider.GetRequiredService<TimeProvider>();

    private static ILogger<T> Logger<T>(this IServiceProvider provider) => provider.GetRequiredService<ILogger<T>>();
}
