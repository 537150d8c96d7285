namespace Overlay.Dataplane.Counters;

/// <summary>Which way packets go, seen from this node's pods.</summary>
public enum Direction
{
    /// <summary>TUN to underlay.</summary>
    Egress,

    /// <summary>Underlay to TUN.</summary>
    Ingress,
}
