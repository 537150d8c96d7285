using Overlay.ControlPlane.Leases;

namespace Overlay.Daemon.Lifecycle;

/// <summary>An event that makes this node another than it is, while it runs.</summary>
internal abstract record NodeChange
{
    private NodeChange()
    {
    }

    /// <summary>
    /// The underlay has another address or MTU. Which, is looked up when it is followed: by then it may be yet another.
    /// </summary>
    public sealed record Moved : NodeChange;

    /// <summary>The store has given other pod CIDRs.</summary>
    public sealed record Reassigned(PodCidrs PodCidrs) : NodeChange;

    /// <summary>Another process takes the node over: nothing else changes it meanwhile.</summary>
    public sealed record HandingOver : NodeChange
    {
        /// <summary>Ends when it is this one's turn.</summary>
        public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>To be ended when the other process has the node, or has failed.</summary>
        public TaskCompletionSource Over { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>The store answers, after a start without it.</summary>
    public sealed record Settled(NodePlan Plan) : NodeChange
    {
        /// <summary>Ends when it has been applied or refused; true when applied.</summary>
        public TaskCompletionSource<bool> Tried { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
