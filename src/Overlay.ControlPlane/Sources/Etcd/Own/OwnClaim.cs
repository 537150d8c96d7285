using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Etcd.Keys;

namespace Overlay.ControlPlane.Sources.Etcd.Own;

/// <summary>What the store is to say of this node. Immutable.</summary>
/// <param name="Key">Where.</param>
/// <param name="Value">What: as published, or what a node that has no VTEP yet says.</param>
/// <param name="Request">What to ask for another subnet with, should this one be lost.</param>
/// <param name="Lease">What was published; null before.</param>
internal sealed record OwnClaim(SubnetKey Key, byte[] Value, PodCidrRequest Request, Lease? Lease);
