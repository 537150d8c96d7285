using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Etcd.Keys;

namespace Overlay.ControlPlane.Sources.Etcd.Own;

/// <summary>What the store is to say of this node. Immutable.</summary>
/// <param name="Key">Where.</param>
/// <param name="Value">What: as published, or what a node that has no VTEP yet says.</param>
/// <param name="Request">What to ask for another subnet with, should this one be lost.</param>
/// <param name="Lease">What was published; null before.</param>
internal sealed record OwnClaim(SubnetKey Key, byte[] Value, PodCidrRequest Request, Lease? Lease);

/// <summary>Which key is this node's, and what it is called there: the one node of the store whose name is known. Immutable.</summary>
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

    /// <summary>It is there, and nobody else's.</summary>
    Own,

    /// <summary>It is another node's by now.</summary>
    Lost,

    /// <summary>Another daemon writes to it under this node's address.</summary>
    Contested,
}
