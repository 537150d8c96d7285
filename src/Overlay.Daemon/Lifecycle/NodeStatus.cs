using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Trust;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Daemon.Problems;
using Overlay.Daemon.Tiers;
using Overlay.Daemon.Underlay;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Lifecycle;

/// <summary>All that reports read of the node. Any thread may ask, in every phase.</summary>
/// <param name="configured">The configuration as it is.</param>
/// <param name="lifecycle">Knows the phase.</param>
/// <param name="underlay">Knows what of the underlay is waited for.</param>
/// <param name="planner">Knows what the start waits for.</param>
/// <param name="publisher">Knows whether the store has answered.</param>
/// <param name="counters">Of the network.</param>
/// <param name="hold">Knows the peers that are kept although the store lacks them.</param>
/// <param name="problems">The faults there are now.</param>
/// <param name="store">The store's name.</param>
internal sealed class NodeStatus(
    OverlayOptions configured, NodeLifecycle lifecycle, UnderlayWait underlay, NodePlanner planner,
    NodePublisher publisher, NetworkCounters counters, SnapshotHold hold, ProblemBoard problems, StoreLocation store)
{
    /// <summary>The node is made, so there is something to report of its packets.</summary>
    public bool HasNode => Made is not null;

    /// <summary>
    /// The first leases are read, the workers run, and nothing on this host keeps packets from flowing.
    /// </summary>
    public bool IsReady => NodeCondition.All.All(condition => condition.Look(this) is null);

    /// <summary>The node to be is known, by the store or by what an earlier run has saved.</summary>
    public bool HasPlan => lifecycle.Phase is not NodePhase.Planning;

    /// <summary>There is a forwarding table of the store's leases, or of saved ones.</summary>
    public bool HasLeases => Reached is NodePhase.Announcing or NodePhase.Running;

    /// <summary>Workers forward packets between the TUN and the underlay.</summary>
    public bool HasWorkers => HasLeases && Network is { IsAttached: true, IsStuck: false };

    /// <summary>When all was done to start; null before.</summary>
    public DateTimeOffset? Started => (Reached as NodePhase.Running)?.Started;

    /// <summary>The underlay, or the answer, that the node waits for; null when it waits for none.</summary>
    public string? WaitingFor =>
        underlay.WaitingFor ?? planner.WaitingFor
        ?? (Made is NodePhase.Reading or NodePhase.Announcing && !Made.Parts.Follower.HasRead
            ? $"{store.Kind} {store.Place}: its leases"
            : null);

    /// <summary>The store has not answered in this run: node or peers are those of the last one.</summary>
    public bool IsFromSavedState =>
        Made is { Parts.Follower.HasRead: var hasRead } && !(publisher.IsSettled && hasRead);

    /// <summary>The configuration, with what the store gave once it has.</summary>
    public OverlayOptions Options => Made?.Parts.Node.Options ?? configured;

    /// <summary>The network; null before it is made.</summary>
    public OverlayNetwork? Network => Made?.Parts.Node.Network;

    /// <summary>The tier that forwards packets.</summary>
    public TierUse Tier => Made?.Parts.Node.Tier ?? default;

    /// <summary>The interface that the tunnels leave by; null before the node is made.</summary>
    public UnderlayInterface? Underlay => Made?.Parts.Node.Underlay;

    /// <summary>Packets and drops; zeros before the node is made.</summary>
    public NetworkCounters Counters => counters;

    /// <summary>The peers; none before the node is made.</summary>
    public PeersSnapshot Peers => Made?.Parts.Reconciler.Peers ?? PeersSnapshot.Empty;

    /// <summary>Peers that are kept although the store lacks them; null when there are none.</summary>
    public HeldPeers? Held => hold.Held;

    /// <summary>
    /// Every fault that keeps pods' packets from flowing, or this node from being as the store wants it.
    /// </summary>
    public IReadOnlyList<string> Problems => problems.Problems;

    /// <summary>The part of each of them, and its texts; parts without a fault too, where theirs are problems.</summary>
    public IReadOnlyList<(string Part, IReadOnlyList<string> Texts)> ProblemParts => problems.ProblemParts;

    /// <summary>Every fault on this host that pods' packets flow with all the same.</summary>
    public IReadOnlyList<string> Warnings => problems.Warnings;

    /// <summary>How often each part of the daemon has failed in a way that it did not expect.</summary>
    public IReadOnlyList<(string Part, long Faults)> PartFaults => problems.Guard.Counts;

    private NodePhase.Made? Made => lifecycle.Phase as NodePhase.Made;

    // A node that is taken down has reached all that it had before.
    private NodePhase Reached => lifecycle.Phase is NodePhase.Leaving leaving ? leaving.Before : lifecycle.Phase;

    /// <summary>A plain route leads to that pod CIDR.</summary>
    public bool IsDirect(IpPrefix podCidr) => Network?.IsDirect(podCidr) == true;
}
