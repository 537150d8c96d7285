namespace Overlay.Daemon.Lifecycle;

/// <summary>Where in its life the node is; each phase has the parts there are then. Immutable.</summary>
internal abstract record NodePhase
{
    private NodePhase()
    {
    }

    /// <summary>The store is asked what this node is to be; there is nothing to take down.</summary>
    public sealed record Planning : NodePhase;

    /// <summary>The node is there: from the moment its device is made to the moment it is gone.</summary>
    public abstract record Made(NodeParts Parts) : NodePhase;

    /// <summary>The first leases are read; no packet is forwarded yet.</summary>
    public sealed record Reading(NodeParts Parts) : Made(Parts);

    /// <summary>Workers run by the first table; lease and subnet file are written.</summary>
    /// <param name="Parts"><inheritdoc cref="Made" path="/param"/></param>
    /// <param name="Following">Ends when the leases are no more followed.</param>
    public sealed record Announcing(NodeParts Parts, Task Following) : Made(Parts);

    /// <summary>All is done to start.</summary>
    /// <param name="Parts"><inheritdoc cref="Made" path="/param"/></param>
    /// <param name="Following">Ends when the leases are no more followed.</param>
    /// <param name="Changing">Ends when nothing changes the node any more, and nothing is published.</param>
    /// <param name="Started">When that was.</param>
    public sealed record Running(NodeParts Parts, Task Following, Task Changing, DateTimeOffset Started) : Made(Parts);

    /// <summary>The node is taken down.</summary>
    /// <param name="Before">The phase that it was in.</param>
    public sealed record Leaving(Made Before) : Made(Before.Parts);

    /// <summary>
    /// Another process goes on with device, sockets and whatever the kernel keeps: to be closed, not removed.
    /// </summary>
    public sealed record HandedOver(NodeParts Parts) : NodePhase;

    /// <summary>Nothing is left.</summary>
    public sealed record Stopped : NodePhase;
}
