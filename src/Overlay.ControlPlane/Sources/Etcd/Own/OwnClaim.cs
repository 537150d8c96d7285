using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Etcd.Keys;

namespace Overlay.ControlPlane.Sources.Etcd.Own;

/// <summary>The key and value that the store should have of this node. Immutable.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value: the published lease, or that of a node without a VTEP yet.</param>
/// <param name="Request">The request for another subnet, should this one be lost.</param>
/// <param name="Lease">The published lease; null before there is one.</param>
internal sealed record OwnClaim(SubnetKey Key, byte[] Value, PodCidrRequest Request, Lease? Lease);

/// <summary>The key of this node and its name: the only node of the store whose name is known. Immutable.</summary>
internal sealed record OwnName(string Path, string Node);

/// <summary>A key that is this node's, as it was last written or seen. Immutable.</summary>
/// <param name="Key">Its pod CIDRs.</param>
/// <param name="Value">Its value.</param>
/// <param name="ModRevision">When it was last written.</param>
/// <param name="Lease">The etcd lease it goes with; 0 for a reservation, which stays.</param>
internal sealed record HeldSubnet(SubnetKey Key, byte[] Value, long ModRevision, long Lease);

/// <summary>How a node's own key is found.</summary>
internal enum OwnKeyState
{
    /// <summary>There is none.</summary>
    Absent,

    /// <summary>The key is there, and this node's.</summary>
    Own,

    /// <summary>The key is another node's by now.</summary>
    Lost,

    /// <summary>Another daemon writes to it under this node's address.</summary>
    Contested,
}
