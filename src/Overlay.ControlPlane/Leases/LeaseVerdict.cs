namespace Overlay.ControlPlane.Leases;

/// <summary>What became of a peer's lease.</summary>
public enum LeaseVerdict
{
    /// <summary>Its pod CIDRs are in the forwarding table.</summary>
    Accepted,

    /// <summary>It breaks a rule or contradicts another node's; nothing of it is in the table.</summary>
    Refused,

    /// <summary>The node has not said all that is needed yet; nothing of it is in the table.</summary>
    NotReady,
}
