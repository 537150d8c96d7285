namespace Overlay.ControlPlane.Sources.Kubernetes.Nodes;

/// <summary>What is told of nodes: all there are, or what changed. Immutable.</summary>
/// <param name="IsSnapshot">All there are.</param>
/// <param name="Changes">In the order in which they happened.</param>
internal sealed record NodeUpdate(bool IsSnapshot, IReadOnlyList<NodeChange> Changes)
{
    public static NodeUpdate Snapshot(IEnumerable<ApiObject> nodes) => new(true, [.. nodes.Select(static node => new NodeChange(node, false))]);
}
