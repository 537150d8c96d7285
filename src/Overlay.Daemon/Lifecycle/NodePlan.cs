using Overlay.ControlPlane.Leases;
using Overlay.Daemon.Options;
using Overlay.Daemon.Underlay;

namespace Overlay.Daemon.Lifecycle;

/// <summary>What this node is to be. Immutable.</summary>
/// <param name="Options">The configuration, completed by what the store said and gave.</param>
/// <param name="Underlay">The interface its tunnels leave by.</param>
/// <param name="Known">The lease that the store had of it; null when there was none.</param>
/// <param name="IsFromSavedState">The store was away, and has said nothing of it in this run.</param>
internal sealed record NodePlan(OverlayOptions Options, UnderlayInterface Underlay, Lease? Known, bool IsFromSavedState);
