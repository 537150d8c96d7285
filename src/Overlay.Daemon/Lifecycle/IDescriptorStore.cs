namespace Overlay.Daemon.Lifecycle;

/// <summary>
/// Keeps a node's descriptors while no daemon runs, so that packets wait in device and sockets for the next one.
/// </summary>
internal interface IDescriptorStore
{
    /// <summary>The descriptors that an earlier run has left, where this one can go on with them; null else.</summary>
    InheritedNode? Take(NodePlan plan);

    /// <summary>Keeps these, in the place of others.</summary>
    void Keep(InheritedNode? node);

    /// <summary>Keeps none.</summary>
    void Forget();
}
