using Overlay.ControlPlane.Leases;

namespace Overlay.ControlPlane.State;

/// <summary>The answers of a store that a node starts with. Immutable.</summary>
/// <param name="Store">The store that answered.</param>
/// <param name="Settings">Settings of the network and the node.</param>
/// <param name="PodCidrs">This node's pod CIDRs.</param>
public sealed record Assignment(StoreLocation Store, NodeSettings Settings, PodCidrs PodCidrs);
