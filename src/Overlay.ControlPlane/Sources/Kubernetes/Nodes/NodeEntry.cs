using Overlay.ControlPlane.Leases;

namespace Overlay.ControlPlane.Sources.Kubernetes.Nodes;

/// <summary>A Node object, as far as it makes sense. Immutable.</summary>
/// <param name="Uid">The uid of the Node object it was read from; null for a node of the last run.</param>
/// <param name="Lease">The last lease that made sense; null when there was none.</param>
/// <param name="Problem">The problem of the Node now; the lease is then an earlier one.</param>
internal sealed record NodeEntry(string? Uid, Lease? Lease, string? Problem)
{
    public static NodeEntry New { get; } = new(null, null, null);

    /// <summary>The node after a look at its object.</summary>
    public NodeEntry Next(ApiNode node, AnnotationKeys keys)
    {
        // A Node made anew under an old name is another node: the old lease is not its lease.
        NodeEntry before = Uid is not null && node.Uid is not null && Uid != node.Uid ? New : this;
        if (!NodeLease.TryRead(node, keys, out Lease? lease, out string? error))
            return new(node.Uid, before.Lease, error);

        // Tools that write a whole Node take annotations off that they do not know. Traffic that flows goes on.
        return before.Lease is not null && node[keys.Managed] is null
            ? new(node.Uid, before.Lease, $"has lost its annotation {keys.Managed}, which should be \"true\"")
            : new(node.Uid, lease, null);
    }
}
