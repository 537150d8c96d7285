namespace Overlay.Daemon.Lifecycle;

/// <summary>The overlayd that runs this node until this process takes it over: it forwards meanwhile.</summary>
internal interface IPredecessor
{
    /// <summary>The node's device and sockets, where this process can go on with them.</summary>
    /// <param name="plan">The node that this process is to be.</param>
    /// <returns>
    /// Null where they are of another kind: the predecessor has ended then, and left device, routes and rules.
    /// </returns>
    /// <exception cref="IOException">It does not answer, or refuses.</exception>
    InheritedNode? Inherit(NodePlan plan);

    /// <summary>Has it get ready for <see cref="Release"/>.</summary>
    /// <exception cref="IOException">It does not answer, and its workers run on.</exception>
    void Prepare();

    /// <summary>Has it end its workers: packets wait in device and sockets from then on.</summary>
    /// <returns>The time at which they were told to, as <see cref="System.Diagnostics.Stopwatch.GetTimestamp"/>.</returns>
    /// <exception cref="IOException">It does not answer, and its workers run on.</exception>
    long Release();

    /// <summary>This process answers for the node from now on; the other one ends. Waits for that a while.</summary>
    /// <exception cref="IOException">The other one has waited for too long, and runs the node again.</exception>
    void Confirm();
}
