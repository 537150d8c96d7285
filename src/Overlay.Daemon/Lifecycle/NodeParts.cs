using Overlay.ControlPlane.Reconciliation;

namespace Overlay.Daemon.Lifecycle;

/// <summary>All that is made for one node by a plan, and works together from then on. Immutable.</summary>
/// <param name="Node">Sockets, device and workers.</param>
/// <param name="Reconciler">Makes the forwarding table of leases.</param>
/// <param name="Follower">Brings the leases.</param>
/// <param name="Changes">Makes the node another than it is, while it runs.</param>
internal sealed record NodeParts(
    LocalNode Node, LeaseReconciler Reconciler, LeaseFollower Follower, NodeChangeLoop Changes);
