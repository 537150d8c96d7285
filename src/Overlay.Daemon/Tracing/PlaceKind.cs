namespace Overlay.Daemon.Tracing;

/// <summary>Kinds of places that an address can be of.</summary>
internal enum PlaceKind
{
    /// <summary>This node's pods, or this node itself.</summary>
    Local,

    /// <summary>A peer's pods.</summary>
    Remote,

    /// <summary>The cluster CIDR, without a node that has it.</summary>
    Nobody,

    /// <summary>A service CIDR.</summary>
    Service,

    /// <summary>None of the network's ranges.</summary>
    Outside,
}
