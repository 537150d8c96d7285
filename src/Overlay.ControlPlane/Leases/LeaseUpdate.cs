namespace Overlay.ControlPlane.Leases;

/// <summary>An update of a lease source: changes since the last one, or every lease.</summary>
/// <remarks>
/// A source that lost its place (etcd compaction, Kubernetes' 410, an inotify overflow) sends a snapshot, without a
/// guess at the missed events.
/// </remarks>
public abstract record LeaseUpdate
{
    private LeaseUpdate()
    {
    }

    /// <summary>Changes, to be applied in order and to show only together.</summary>
    public sealed record Events(IReadOnlyList<LeaseEvent> Changes) : LeaseUpdate;

    /// <summary>Every lease there is; a node that is not in it has none.</summary>
    public sealed record Snapshot(IReadOnlyList<Lease> Leases) : LeaseUpdate;
}

/// <summary>A change of one node's lease.</summary>
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
