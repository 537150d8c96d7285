using Overlay.ControlPlane.Leases;
using Overlay.Daemon.Options;
using Overlay.Daemon.Underlay;

namespace Overlay.Daemon.Lifecycle;

/// <summary>The node as it is to be. Immutable.</summary>
/// <param name="Options">The configuration, completed by the store.</param>
/// <param name="Settings">The store's part of it, apart from pod CIDRs.</param>
/// <param name="Underlay">The interface its tunnels leave by.</param>
/// <param name="Known">The lease that the store had of it; null when there was none.</param>
/// <param name="IsFromSavedState">The store was away: all is as an earlier run was given it.</param>
internal sealed record NodePlan(
    OverlayOptions Options, NodeSettings Settings, UnderlayInterface Underlay, Lease? Known, bool IsFromSavedState);
