using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Etcd.Keys;

namespace Overlay.ControlPlane.Sources.Etcd.Own;

/// <summary>A key that is this node's, as it was last written or seen. Immutable.</summary>
/// <param name="Key">Its pod CIDRs.</param>
/// <param name="Value">Its value.</param>
/// <param name="ModRevision">When it was last written.</param>
/// <param name="Lease">The etcd lease it goes with; 0 for a reservation, which stays.</param>
internal sealed record HeldSubnet(SubnetKey Key, byte[] Value, long ModRevision, long Lease);
