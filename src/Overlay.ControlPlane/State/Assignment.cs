using Overlay.ControlPlane.Leases;

namespace Overlay.ControlPlane.State;

/// <summary>What a store gave this node to start with. Immutable.</summary>
/// <param name="Store">Which store it was.</param>
/// <param name="Settings">What a node is to use.</param>
/// <param name="PodCidrs">This node's own.</param>
public sealed record Assignment(StoreLocation Store, NodeSettings Settings, PodCidrs PodCidrs);
