using Overlay.Wire;

namespace Overlay.Dataplane;

/// <summary>All that the packet path knows of the network: routes, FDB, allowed sources. Immutable; replaced whole.</summary>
/// <remarks>
/// Allowed sources need no table of their own: a peer may send from an address exactly when our route to that address
/// leads to the same node.
/// </remarks>
public sealed class ForwardingTable
{
    private const int Local = 0;

    private readonly RouteTable<Ipv4Address> _ipv4;
    private readonly RouteTable<Ipv6Address> _ipv6;
    private readonly RemoteVtep?[] _targets;

    /// <param name="ipv4">Targets index <paramref name="targets"/>.</param>
    /// <param name="ipv6">Targets index <paramref name="targets"/>.</param>
    /// <param name="targets">The remote VTEPs; entry 0 is null and stands for this node.</param>
    /// <param name="fdb">The same VTEPs by underlay address.</param>
    /// <param name="routes">Every prefix in the two tables.</param>
    internal ForwardingTable(
        RouteTable<Ipv4Address> ipv4, RouteTable<Ipv6Address> ipv6, RemoteVtep?[] targets, Fdb fdb, IReadOnlyList<Route> routes)
    {
        _ipv4 = ipv4;
        _ipv6 = ipv6;
        _targets = targets;
        Fdb = fdb;
        Routes = routes;
    }

    /// <summary>A table that forwards nothing.</summary>
    public static ForwardingTable Empty { get; } = new ForwardingTableBuilder().Build();

    public Fdb Fdb { get; }

    /// <summary>Every prefix with its VTEP, for people to look at; the packet path uses the look-ups.</summary>
    public IReadOnlyList<Route> Routes { get; }

    /// <summary>The VTEP to send to, or null: no route, or this node itself.</summary>
    public RemoteVtep? Lookup(Ipv4Address destination) => TargetOf(_ipv4.Lookup(destination));

    /// <inheritdoc cref="Lookup(Ipv4Address)"/>
    public RemoteVtep? Lookup(Ipv6Address destination) => TargetOf(_ipv6.Lookup(destination));

    /// <summary>The address lies in a pod CIDR of this node.</summary>
    public bool IsLocal(Ipv4Address destination) => _ipv4.Lookup(destination) == Local;

    /// <inheritdoc cref="IsLocal(Ipv4Address)"/>
    public bool IsLocal(Ipv6Address destination) => _ipv6.Lookup(destination) == Local;

    /// <summary>The inner source lies in a pod CIDR of the node that VTEP belongs to.</summary>
    public bool IsAllowedSource(RemoteVtep sender, Ipv4Address source) => IsSameNode(sender, Lookup(source));

    /// <inheritdoc cref="IsAllowedSource(RemoteVtep, Ipv4Address)"/>
    public bool IsAllowedSource(RemoteVtep sender, Ipv6Address source) => IsSameNode(sender, Lookup(source));

    private RemoteVtep? TargetOf(int target) => target < 0 ? null : _targets[target];

    private static bool IsSameNode(RemoteVtep sender, RemoteVtep? other) =>
        ReferenceEquals(sender, other) || (other is not null && string.Equals(sender.Node, other.Node, StringComparison.Ordinal));
}
