namespace Overlay.ControlPlane.Leases;

/// <summary>One change of the set of leases.</summary>
public abstract record LeaseEvent
{
    private LeaseEvent()
    {
    }

    /// <summary>A node's lease is new, or replaces the one that node had.</summary>
    public sealed record Added(Lease Lease) : LeaseEvent;

    /// <summary>The node has no lease any more.</summary>
    public sealed record Removed(string Node) : LeaseEvent;
}
