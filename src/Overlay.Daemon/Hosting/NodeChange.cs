using Overlay.ControlPlane;

namespace Overlay.Daemon;

/// <summary>Something that makes this node another than it is, while it runs.</summary>
internal abstract record NodeChange
{
    private NodeChange()
    {
    }

    /// <summary>The underlay has another address or MTU.</summary>
    public sealed record Moved(UnderlayInterface Underlay) : NodeChange;

    /// <summary>The store has given other pod CIDRs.</summary>
    public sealed record Reassigned(PodCidrs PodCidrs) : NodeChange;

    /// <summary>The store answers, after a start without it.</summary>
    public sealed record Settled(NodePlan Plan) : NodeChange;
}
